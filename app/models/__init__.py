"""Which tables does the service keep?"""

from app.models.base import Base, TenantOwned
from app.models.project import Experiment, Project
from app.models.registry import Model, ModelVersion
from app.models.run import LatestMetric, MetricPoint, Run, RunParam, RunPart, RunTag
from app.models.tenant import ApiKey, Member, Tenant

__all__ = [
    "ApiKey",
    "Base",
    "Experiment",
    "LatestMetric",
    "Member",
    "MetricPoint",
    "Model",
    "ModelVersion",
    "Project",
    "Run",
    "RunParam",
    "RunPart",
    "RunTag",
    "Tenant",
    "TenantOwned",
]
