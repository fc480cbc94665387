"""Which tables does the service keep?"""

from app.models.artifact import Artifact, Upload
from app.models.audit import AuditEvent, AuditHead, KeptAnswer
from app.models.base import Base, Removable, TenantOwned
from app.models.deployment import Deployment, DeploymentRevision
from app.models.job import Job, JobResult, Task
from app.models.project import Experiment, Project
from app.models.quota import Quota, UsageCounter
from app.models.registry import Model, ModelAlias, ModelVersion, VersionArtifact
from app.models.run import LatestMetric, MetricPoint, Run, RunParam, RunPart, RunTag
from app.models.tenant import ApiKey, Member, Tenant
from app.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "ApiKey",
    "Artifact",
    "AuditEvent",
    "AuditHead",
    "Base",
    "Deployment",
    "DeploymentRevision",
    "Experiment",
    "Job",
    "JobResult",
    "KeptAnswer",
    "LatestMetric",
    "Member",
    "MetricPoint",
    "Model",
    "ModelAlias",
    "ModelVersion",
    "Project",
    "Quota",
    "Removable",
    "Run",
    "RunParam",
    "RunPart",
    "RunTag",
    "Task",
    "Tenant",
    "TenantOwned",
    "Upload",
    "UsageCounter",
    "VersionArtifact",
    "Webhook",
    "WebhookDelivery",
]
