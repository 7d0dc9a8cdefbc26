"""Celery's settings, read from the environment when an application is first used."""

from pharmacy.settings import Settings
from pharmacy.workers.broker import QUEUE
from pharmacy.workers.broker import broker_url as url_of

broker_url = url_of(Settings.of().redis_url)
broker_transport_options = {
    # More than twice the hard limit, or a slow task would be delivered again while it runs.
    "visibility_timeout": 120,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": False,
    "global_keyprefix": "pharmacy:",
}
broker_connection_retry_on_startup = True
broker_connection_max_retries = None

# A message is an identifier. Nothing but JSON is read, and nobody waits for an answer.
accept_content = ["json"]
task_serializer = "json"
result_backend = None
task_ignore_result = True
task_store_errors_even_if_ignored = False

task_queues = (QUEUE,)
task_default_queue = QUEUE.name
task_default_exchange = ""
task_default_routing_key = QUEUE.name
task_create_missing_queues = False
# Early: a late acknowledgement that fails keeps its place in the worker for ever, and with all
# places kept the worker is alive and silent. The row, not the message, is what must not be lost.
task_acks_late = False
worker_prefetch_multiplier = 1

# Seconds. The lease in the jobs table is longer than the hard limit.
task_soft_time_limit = 40
task_time_limit = 50

# Work does not depend on the link to the broker: finish it when the link is lost.
worker_cancel_long_running_tasks_on_connection_loss = False
worker_soft_shutdown_timeout = 0
worker_max_tasks_per_child = 500
worker_max_memory_per_child = 400_000  # KiB
# A forged broadcast could stop every worker.
worker_enable_remote_control = False
worker_send_task_events = False
worker_hijack_root_logger = False
worker_redirect_stdouts = False

# Only the relay and the clock publish, and both come again by themselves.
task_publish_retry = False
timezone = "UTC"
enable_utc = True
