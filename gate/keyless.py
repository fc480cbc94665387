"""Which CI job or person vouches for this evidence? Sigstore's keyless signatures, an extra.

Signing needs Sigstore's services (Fulcio, Rekor) and the identity token that a CI system gives to
its jobs. Verifying needs neither: the library brings Sigstore's trust root, as old as itself, and
a signature brings the proof that it stands in the public log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gate.errors import GateError, IntegrityError, UsageError

if TYPE_CHECKING:
    from sigstore.verify.policy import Identity

NO_LIBRARY = (
    "Keyless signatures need the library sigstore; in a checkout: pip install -e '.[sigstore]'."
)
NO_IDENTITY = (
    "This process has no identity that Sigstore knows. In GitHub Actions the job needs "
    "`permissions: id-token: write`, in GitLab an `id_tokens: SIGSTORE_ID_TOKEN` for sigstore."
)


class KeylessError(GateError):
    """Sigstore's services gave no signature."""

    exit_code = 70

    def advice(self) -> str:
        """What to do next."""
        return "The bundle is unchanged and can be signed later: `maestro sign RUN`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Who must have signed: the subject of a certificate, by the word of an OIDC issuer (a URL)."""

    identity: str
    issuer: str

    def policy(self) -> Identity:
        """The library's rule: both must be the certificate's own, letter by letter."""
        try:
            from sigstore.verify.policy import Identity  # noqa: PLC0415 - an extra, and slow
        except ImportError:
            raise UsageError(NO_LIBRARY) from None
        return Identity(identity=self.identity, issuer=self.issuer)


def sign(sums: bytes) -> str:
    """A Sigstore bundle (v0.3, JSON) over SHA256SUMS by the job's own identity."""
    try:
        from sigstore.errors import Error  # noqa: PLC0415 - as above
        from sigstore.models import ClientTrustConfig  # noqa: PLC0415
        from sigstore.oidc import IdentityToken, detect_credential  # noqa: PLC0415
        from sigstore.sign import SigningContext  # noqa: PLC0415
    except ImportError:
        raise UsageError(NO_LIBRARY) from None
    try:
        token = detect_credential()
        if token is None:
            raise UsageError(NO_IDENTITY)
        context = SigningContext.from_trust_config(ClientTrustConfig.production())
        with context.signer(IdentityToken(token)) as signer:
            return signer.sign_artifact(sums).to_json()
    except (Error, OSError) as error:
        raise KeylessError(f"Sigstore gave no signature: {first_line(error)}") from error


def verify(sums: bytes, signature: str, expected: Expected) -> None:
    """IntegrityError unless this is a signature over these sums by whom one expects; offline."""
    policy = expected.policy()
    from sigstore.errors import Error  # noqa: PLC0415 - it is there, and slow
    from sigstore.models import Bundle  # noqa: PLC0415
    from sigstore.verify import Verifier  # noqa: PLC0415

    try:
        bundle = Bundle.from_json(signature)
        Verifier.production(offline=True).verify_artifact(sums, bundle, policy)
    except (Error, ValueError) as error:
        raise IntegrityError(f"The keyless signature is refused: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What the library says, without what it quotes."""
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".") + "."
