"""JupyterHub on one machine: each learner signs in at the organisation and gets a container of their own.

compose.yml starts it with the environment of hub/.env (env.example says what goes there); docs/hub.md has the reasons.
"""

import os
import sys

c = get_config()  # noqa: F821  JupyterHub defines it

# Sign-in. OAuthenticator reads these variables itself; without all of them there is no one to ask who a learner is.
NEEDED = (
    "OAUTH_CALLBACK_URL OAUTH_CLIENT_ID OAUTH_CLIENT_SECRET OAUTH2_AUTHORIZE_URL OAUTH2_TOKEN_URL OAUTH2_USERDATA_URL"
)
if missing := [name for name in NEEDED.split() if not os.environ.get(name)]:
    sys.exit(f"no hub without a sign-in; hub/.env lacks {', '.join(missing)}")
addresses = [name for name in NEEDED.split() if name.endswith("_URL")]
if plain := [name for name in addresses if not os.environ[name].startswith("https://")]:
    sys.exit(f"no sign-in over a line that others can read; these must begin with https://: {', '.join(plain)}")
learners, groups, teachers = (
    set(os.environ.get(name, "").split()) for name in ("HUB_LEARNERS", "HUB_GROUPS", "HUB_TEACHERS")
)
if not learners | groups:
    sys.exit("no hub that is open to everybody; name its learners in HUB_LEARNERS, or their groups in HUB_GROUPS")

c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.scope = (os.environ.get("OAUTH2_SCOPE") or "openid profile email").split()
c.GenericOAuthenticator.username_claim = os.environ.get("OAUTH2_USERNAME_KEY") or "preferred_username"
c.GenericOAuthenticator.manage_groups = bool(groups)  # first: allowed_groups asks for it
c.GenericOAuthenticator.allowed_groups = groups
c.GenericOAuthenticator.allowed_users = learners
c.GenericOAuthenticator.admin_users = teachers  # they may enter, stop servers, and open a learner's files

# A learner's server. The largest notebook takes 1.9 GB (results/minutes.json); beside it there is room for Jupyter
# itself and for one more kernel at rest. Above the limit the kernel dies, not the machine.
c.JupyterHub.spawner_class = "docker"
c.Spawner.mem_limit = "3G"
c.Spawner.cpu_limit = 2.0  # the cores on which the notebooks' minutes were measured
c.Spawner.environment = {  # TensorFlow counts the machine's cores, not the limit, and would start a thread for each
    "OMP_NUM_THREADS": "2",
    "TF_NUM_INTRAOP_THREADS": "2",
    "TF_NUM_INTEROP_THREADS": "2",
}
c.Spawner.cmd = ["jupyterhub-singleuser"]  # the image's entry point, hub/start, runs first
c.Spawner.default_url = "/lab/tree/workbook/00_start_here.ipynb"
c.Spawner.start_timeout = 300  # twenty at once, on a machine that is busy with the nineteen others
c.Spawner.http_timeout = 120
c.DockerSpawner.image = os.environ.get("COURSE_IMAGE", "generative-models-workbook")
c.DockerSpawner.network_name = "course-hub"  # of compose.yml
c.DockerSpawner.remove = True  # a stopped server leaves no container, so that the next one has the newest image
c.DockerSpawner.volumes = {"course-{username}": "/home/jovyan"}  # the learner's work outlives their server
c.DockerSpawner.extra_host_config = {
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "memswap_limit": c.Spawner.mem_limit,  # or Docker adds as much swap again, and a kernel crawls before it dies
    "pids_limit": 2000,  # a program that starts itself without end stops its learner, and not the machine
    "init": True,  # somebody collects the processes that a terminal leaves behind
}

# The class's list of solved exercises, if there is to be one: a volume that all learners write to, and so can read.
if os.environ.get("HUB_PROGRESS"):
    # The underscore keeps it apart from "course-{username}": in a name it is escaped.
    c.DockerSpawner.volumes["course_progress"] = "/srv/progress"
    c.Spawner.environment["GENAI_PROGRESS"] = "/srv/progress"

# So many at a time; the next one is told to come back later, instead of slowing down everybody.
places = os.environ.get("HUB_PLACES") or "20"
if not places.isdecimal() or int(places) < 1:  # 0 would mean no limit to JupyterHub
    sys.exit(f"HUB_PLACES: expected a whole number from 1, got {places!r}")
c.JupyterHub.active_server_limit = int(places)

# The proxy is a container of its own, and servers are left running when the hub stops: a restart of the hub, for
# another setting or version, interrupts no kernel and no connection to one.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://proxy:8001"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.upgrade_db = True  # a newer JupyterHub starts on the old database, of which it keeps a copy beside it
c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.hub_connect_ip = "hub"

# A server that nobody has used for an hour is stopped, and its memory is free; the learner's files stay.
c.JupyterHub.services = [
    {"name": "idle-culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"]}
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    },
    # The hub's database keeps who is a teacher; a list given here is exact: whose name is taken off it is one no more.
    {"name": "admin", "users": sorted(teachers)},
]
