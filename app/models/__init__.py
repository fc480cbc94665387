"""Which tables does the service keep?"""

from app.models.audit import AuditEvent, AuditHead, KeptAnswer
from app.models.base import Base, Removable, TenantOwned
from app.models.project import Experiment, Project
from app.models.registry import Model, ModelVersion
from app.models.run import LatestMetric, MetricPoint, Run, RunParam, RunPart, RunTag
from app.models.tenant import ApiKey, Member, Tenant

__all__ = [
    "ApiKey",
    "AuditEvent",
    "AuditHead",
    "Base",
    "Experiment",
    "KeptAnswer",
    "LatestMetric",
    "Member",
    "MetricPoint",
    "Model",
    "ModelVersion",
    "Project",
    "Removable",
    "Run",
    "RunParam",
    "RunPart",
    "RunTag",
    "Tenant",
    "TenantOwned",
]
