"""Which tables does the service keep?"""

from app.models.base import Base, TenantOwned
from app.models.job import Job, JobResult, Task
from app.models.project import Experiment, Project
from app.models.quota import Quota, UsageCounter
from app.models.registry import Model, ModelVersion
from app.models.run import LatestMetric, MetricPoint, Run, RunParam, RunPart, RunTag
from app.models.tenant import ApiKey, Member, Tenant
from app.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "ApiKey",
    "Base",
    "Experiment",
    "Job",
    "JobResult",
    "LatestMetric",
    "Member",
    "MetricPoint",
    "Model",
    "ModelVersion",
    "Project",
    "Quota",
    "Run",
    "RunParam",
    "RunPart",
    "RunTag",
    "Task",
    "Tenant",
    "TenantOwned",
    "UsageCounter",
    "Webhook",
    "WebhookDelivery",
]
