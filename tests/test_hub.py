"""The hub for a class: its configuration is read by the programs that use it, and it refuses to stand open."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("jupyterhub", reason="the hub's packages are not installed: pip install -e '.[hub]'")
yaml = pytest.importorskip("yaml")
import docker.utils  # noqa: E402
from dockerspawner import DockerSpawner  # noqa: E402
from jupyterhub.app import JupyterHub  # noqa: E402
from jupyterhub.proxy import ConfigurableHTTPProxy  # noqa: E402
from jupyterhub.spawner import Spawner  # noqa: E402
from oauthenticator.generic import GenericOAuthenticator  # noqa: E402
from traitlets.config import Config  # noqa: E402
from traitlets.config.loader import PyFileConfigLoader  # noqa: E402

import genai_utils as gu  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
HUB = ROOT / "hub"
CLASSES = [JupyterHub, Spawner, DockerSpawner, ConfigurableHTTPProxy, GenericOAuthenticator]
SIGN_IN = {
    "OAUTH_CALLBACK_URL": "https://hub.example.org/hub/oauth_callback",
    "OAUTH_CLIENT_ID": "course",
    "OAUTH_CLIENT_SECRET": "secret",
    "OAUTH2_AUTHORIZE_URL": "https://login.example.org/authorize",
    "OAUTH2_TOKEN_URL": "https://login.example.org/token",
    "OAUTH2_USERDATA_URL": "https://login.example.org/userinfo",
}
VALUES = yaml.safe_load((HUB / "values.yaml").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((HUB / "compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (HUB / "Dockerfile").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")


def environment(**changes):
    """Variables for the hub's process: a complete sign-in, learners, and the changes; None leaves one out."""
    ours = {**SIGN_IN, "HUB_LEARNERS": "ada grace", "HUB_GROUPS": "", "HUB_TEACHERS": "", "HUB_PLACES": "", **changes}
    other = {name: value for name, value in os.environ.items() if not name.startswith(("OAUTH", "HUB_"))}
    return other | {name: value for name, value in ours.items() if value is not None}


def configured(monkeypatch, **changes):
    """The configuration that JupyterHub reads from jupyterhub_config.py."""
    for name in set(os.environ) - set(environment()):
        monkeypatch.delenv(name)
    for name, value in environment(**changes).items():
        monkeypatch.setenv(name, value)
    for name in {name for name, value in changes.items() if value is None}:
        monkeypatch.delenv(name, raising=False)
    return PyFileConfigLoader("jupyterhub_config.py", path=str(HUB)).load_config()


def check_names(sections):
    """Every section is a class, every key one of its options."""
    known = {cls.__name__: cls for cls in CLASSES}
    for section, options in sections.items():
        assert set(options) <= set(known[section].class_traits(config=True)), section


def bytes_of(size):
    """Bytes of a size such as "3G", as the hub reads it."""
    return Spawner(mem_limit=size).mem_limit


def test_the_configuration_is_read_and_every_option_exists(monkeypatch):
    c = configured(monkeypatch)
    check_names(c)
    hub = JupyterHub(config=c)
    assert hub.authenticator_class is GenericOAuthenticator and hub.spawner_class is DockerSpawner
    assert hub.active_server_limit == 20 and not hub.cleanup_servers
    assert JupyterHub(config=configured(monkeypatch, HUB_PLACES="35")).active_server_limit == 35
    learner = SimpleNamespace(name="ada", id=1, url="/hub/user/ada")
    spawner = DockerSpawner(config=c, user=learner, hub=SimpleNamespace(api_url="http://hub:8081/hub/api"))
    assert spawner.cmd == ["jupyterhub-singleuser"] and spawner.cpu_limit == 2 and spawner.remove
    assert spawner.volume_binds == {"course-ada": {"bind": "/home/jovyan", "mode": "rw"}}


def test_a_list_of_solved_exercises_only_where_it_is_asked_for(monkeypatch):
    for asked in ("", None):
        c = configured(monkeypatch, HUB_PROGRESS=asked)
        assert "GENAI_PROGRESS" not in c.Spawner.environment and list(c.DockerSpawner.volumes) == ["course-{username}"]
    c = configured(monkeypatch, HUB_PROGRESS="yes")
    place = c.Spawner.environment["GENAI_PROGRESS"]
    assert c.DockerSpawner.volumes == {"course-{username}": "/home/jovyan", "course_progress": place}
    learner = SimpleNamespace(name="progress", id=1, url="/hub/user/progress")
    spawner = DockerSpawner(config=c, user=learner, hub=SimpleNamespace(api_url="http://hub:8081/hub/api"))
    assert {bind["bind"] for bind in spawner.volume_binds.values()} == {"/home/jovyan", place}
    assert f"--owner=jovyan --group=users {place}\n" in DOCKERFILE
    assert f"course_progress:{place} " in PAGE and f"/srv/course/tools/progress.py {place}\n" in PAGE


def test_sign_in_is_the_organisations(monkeypatch):
    c = configured(monkeypatch, HUB_GROUPS="course-a course-b", HUB_TEACHERS="emmy")
    sign_in = GenericOAuthenticator(config=c)
    assert sign_in.allowed_users == {"ada", "grace"} and sign_in.allowed_groups == {"course-a", "course-b"}
    assert sign_in.admin_users == {"emmy"} and not sign_in.allow_all
    assert not sign_in.allow_existing_users, "who is taken off the list would still get in"
    assert GenericOAuthenticator(config=configured(monkeypatch)).allowed_groups == set()


def test_names_and_scope_are_those_of_the_provider(monkeypatch):
    for given in ("", None):
        sign_in = configured(monkeypatch, OAUTH2_USERNAME_KEY=given, OAUTH2_SCOPE=given).GenericOAuthenticator
        assert (sign_in.username_claim, sign_in.scope) == ("preferred_username", ["openid", "profile", "email"])
    sign_in = configured(monkeypatch, OAUTH2_USERNAME_KEY="email", OAUTH2_SCOPE="openid groups").GenericOAuthenticator
    assert (sign_in.username_claim, sign_in.scope) == ("email", ["openid", "groups"])


def test_who_is_a_teacher_is_said_exactly(monkeypatch):
    """JupyterHub's database remembers an administrator; a role with a list of users is set to that list."""
    for teachers in ("", "emmy lise"):
        roles = configured(monkeypatch, HUB_TEACHERS=teachers).JupyterHub.load_roles
        assert [role["users"] for role in roles if role["name"] == "admin"] == [teachers.split()]


@pytest.mark.parametrize("places", ["0", "-1", "many", "2.5"])
def test_no_hub_without_a_number_of_places(monkeypatch, places):
    with pytest.raises(SystemExit, match=f"HUB_PLACES: expected a whole number from 1, got '{places}'"):
        configured(monkeypatch, HUB_PLACES=places)


def test_swap_and_processes_are_limited_as_memory_is(monkeypatch):
    limits = configured(monkeypatch).DockerSpawner.extra_host_config
    assert limits["memswap_limit"] == configured(monkeypatch).Spawner.mem_limit and limits["pids_limit"] < 10_000
    assert limits["cap_drop"] == ["ALL"] and "no-new-privileges" in limits["security_opt"]


def test_sign_in_reads_the_environment():
    options = "oauth_callback_url client_id client_secret authorize_url token_url userdata_url"
    code = "from oauthenticator.generic import GenericOAuthenticator as G; a = G(); "  # some are read at the import
    code += f"print([getattr(a, name) for name in {options.split()}] == {[*SIGN_IN.values()]})"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.parametrize("name", SIGN_IN)
@pytest.mark.parametrize("value", [None, ""])
def test_no_hub_without_a_complete_sign_in(monkeypatch, name, value):
    with pytest.raises(SystemExit, match=f"no hub without a sign-in.*{name}$"):
        configured(monkeypatch, **{name: value})


@pytest.mark.parametrize("name", [name for name in SIGN_IN if name.endswith("URL")])
def test_no_sign_in_without_encryption(monkeypatch, name):
    with pytest.raises(SystemExit, match=f"must begin with https://: {name}$"):
        configured(monkeypatch, **{name: SIGN_IN[name].replace("https", "http")})


@pytest.mark.parametrize("nobody", ["", " ", None])
def test_no_hub_that_is_open_to_everybody(monkeypatch, nobody):
    with pytest.raises(SystemExit, match="HUB_LEARNERS.*HUB_GROUPS"):
        configured(monkeypatch, HUB_LEARNERS=nobody, HUB_GROUPS=nobody, HUB_TEACHERS="emmy")


def test_the_hubs_own_process_ends_with_one_sentence(tmp_path):
    command = [sys.executable, "-m", "jupyterhub", "--config", str(HUB / "jupyterhub_config.py")]
    env = environment(OAUTH_CLIENT_SECRET=None)
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and done.stderr.strip() == (
        "no hub without a sign-in; hub/.env lacks OAUTH_CLIENT_SECRET"
    )
    assert not list(tmp_path.iterdir()), "it began to work before it refused"


def test_memory_holds_the_largest_notebook_jupyter_and_a_second_kernel(monkeypatch):
    peak = max(row["peak GB"] for row in gu.results.load("minutes")["rows"].values()) * 1e9
    spawn = configured(monkeypatch).Spawner
    memory = VALUES["singleuser"]["memory"]
    assert spawn.mem_limit == memory["limit"]
    assert bytes_of(memory["limit"]) == docker.utils.parse_bytes(spawn.mem_limit) >= peak + 0.15e9 + 0.76e9
    assert bytes_of(memory["guarantee"]) >= peak + 0.15e9, "a class runs the same notebook at the same time"
    assert f"{peak / 1e9:.1f} GB" in PAGE and f"{peak / 1e9:.1f} GB" in (HUB / "values.yaml").read_text("utf-8")
    for learners, machine in re.findall(r"^\| (\d+) \| (\d+) GB \|$", PAGE, re.M):
        assert int(machine) == int(learners) * 3 + 2


def test_both_engines_say_the_same(monkeypatch):
    c, single = configured(monkeypatch), VALUES["singleuser"]
    assert single["extraEnv"] == c.Spawner.environment and single["defaultUrl"] == c.Spawner.default_url
    assert single["cpu"]["limit"] == c.Spawner.cpu_limit and [single["cmd"]] == c.Spawner.cmd
    (culler,) = c.JupyterHub.services
    assert f"--timeout={VALUES['cull']['timeout']}" in culler["command"] and VALUES["cull"]["enabled"]
    ours, theirs = c.GenericOAuthenticator, VALUES["hub"]["config"]["GenericOAuthenticator"]
    assert (ours.scope, ours.username_claim) == (theirs["scope"], theirs["username_claim"])


def test_values_sign_in_is_closed_and_holds_no_secret():
    config = VALUES["hub"]["config"]
    check_names(config)
    assert config["JupyterHub"] == {"authenticator_class": "generic-oauth"}
    sign_in = GenericOAuthenticator(config=Config({"GenericOAuthenticator": config["GenericOAuthenticator"]}))
    assert sign_in.allowed_groups and not sign_in.allow_all and not sign_in.allow_existing_users
    assert not {"client_id", "client_secret"} & set(config["GenericOAuthenticator"])
    for name in ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"):
        secret = VALUES["hub"]["extraEnv"][name]["valueFrom"]["secretKeyRef"]
        assert f" --from-file={secret['key']}" in PAGE and f"generic {secret['name']} " in PAGE
    assert VALUES["proxy"]["https"]["enabled"] and f"--version {chart()}" in PAGE


def chart():
    """The chart's version that the values are written for."""
    return re.search(r"chart (4\.\d+) and later", (HUB / "values.yaml").read_text("utf-8"))[1] + ".0"


def test_compose_has_one_door_and_the_hubs_names(monkeypatch):
    c, services = configured(monkeypatch), COMPOSE["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["https"]
    assert c.JupyterHub.hub_connect_ip in services and c.JupyterHub.hub_bind_url.endswith(":8081")
    assert c.ConfigurableHTTPProxy.api_url == "http://proxy:8001" and "--api-port=8001" in services["proxy"]["command"]
    assert {network["name"] for network in COMPOSE["networks"].values()} == {c.DockerSpawner.network_name}
    assert all(service["networks"] == ["learners"] for service in services.values())
    assert services["hub"]["build"]["target"] == "hub" and services["hub"]["env_file"] == ".env"


def test_env_example_names_what_is_asked_for_and_gives_away_nothing():
    lines = (HUB / "env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    asked = set(re.findall(r"\$\{(\w+)", (HUB / "compose.yml").read_text("utf-8")))
    asked |= {"HUB_LEARNERS", "HUB_GROUPS", "HUB_TEACHERS", "HUB_PLACES", "HUB_PROGRESS"}
    asked |= {"OAUTH2_USERNAME_KEY", "OAUTH2_SCOPE"}
    assert set(SIGN_IN) | asked == set(given)
    assert {name for name, value in given.items() if value} == {"HUB_PLACES"}


def test_images_are_built_by_the_commands_of_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert '`pip install -c constraints.txt -e ".[lab]"`' in readme
    steps = re.findall(r"^RUN python -m pip install --no-cache-dir --constraint (\S+) (.*)$", DOCKERFILE, re.M)
    assert steps[0] == ("constraints.txt", '--editable ".[lab]" jupyterhub')
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["hub"]
    assert {re.match(r"[\w-]+", requirement)[0] for requirement in asked} == set(steps[1][1].split())
    for copied in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.M):
        assert all((ROOT / source).exists() for source in copied.split()), copied
    (entry,) = json.loads(re.search(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.M)[1])
    assert os.access(ROOT / Path(entry).relative_to("/srv/course"), os.X_OK)
    for command in re.findall(r"^#\s+(docker build .*)$", DOCKERFILE, re.M)[:1]:
        assert f"`{command}`" in PAGE
    assert len(re.findall(r"^FROM \$\{PYTHON\} AS (course|hub)$", DOCKERFILE, re.M)) == 2


def test_the_image_fetches_what_notebooks_may_download(tmp_path):
    names = re.search(r'^ARG DOWNLOADS="(.*)"$', DOCKERFILE, re.M)[1].split()
    said = re.search(r"DownloadError: if (.*) can neither", gu.datasets.load.__doc__)[1]
    assert names == said.replace(" or", ",").split(", ")
    assert '/srv/shared}"/data/*' in (HUB / "start").read_text("utf-8"), "what is fetched there is linked from there"
    (step,) = re.findall(r"^RUN (mkdir (?:.*\\\n)+.*)$", DOCKERFILE, re.M)
    assert step.count("/srv/shared") == 3
    step = step.replace("/srv/shared", shlex.quote(str(tmp_path / "shared"))).replace(
        "python ", f"{sys.executable} ", 1
    )
    fetched = tmp_path / "shared" / "data" / "chorales"
    fetched.mkdir(parents=True)
    (fetched / "file").touch(mode=0o600)  # as pooch leaves what it has fetched
    for names in ("", "digits item_text"):  # these need no network
        done = subprocess.run(["sh", "-c", step], env={**os.environ, "DOWNLOADS": names}, cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr
    assert (fetched / "file").stat().st_mode & 0o777 == 0o644


def test_nothing_of_this_machine_goes_into_an_image():
    left_out, ours = ((ROOT / name).read_text("utf-8").split() for name in (".dockerignore", ".gitignore"))
    assert {".git/", "hub/.env"} <= set(left_out) and "hub/.env" in ours
    assert {line.removeprefix("**/") for line in left_out} >= set(ours)


@pytest.fixture
def start(tmp_path):
    """A function that runs hub/start in a home of its own, and that home."""
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"  # the one of the tests, by the name that it has in the image
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    path = f"{python.parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "HOME": str(home), "COURSE_SHARED": str(tmp_path / "shared")}
    env.pop("GENAI_HOME", None)

    def run():
        command = [HUB / "start", "echo", "the server"]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)

    return run, home


def test_a_server_starts_with_the_learners_copies_and_keeps_their_work(start):
    run, home = start
    assert run().stdout.splitlines()[-1] == "the server"
    copies = home / "workbook"
    names = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert names | {"glossary.md"} == {path.name for path in copies.iterdir() if not path.name.startswith(".")}
    first = copies / "00_start_here.ipynb"
    assert '"execution_count": null' in first.read_text("utf-8") and '"outputs": []' in first.read_text("utf-8")
    mine = first.read_text("utf-8").replace("wizard", "viking")
    first.write_text(mine, encoding="utf-8")
    assert run().returncode == 0 and first.read_text("utf-8") == mine


def test_shared_downloads_are_links_and_the_learners_own_stay(start, tmp_path):
    run, home = start
    own, shared = home / ".cache" / "genai-workbook" / "data", tmp_path / "shared" / "data"
    run()
    assert not list(own.iterdir()), "nothing is shared, so nothing is linked"
    for folder in (shared / "mnist", shared / "chorales", own / "chorales"):
        folder.mkdir(parents=True)
        (folder / "file").write_text(str(folder))
    for _ in range(2):
        assert run().stdout.splitlines()[-1] == "the server"
        assert (own / "mnist" / "file").read_text() == str(shared / "mnist")
        assert (own / "chorales" / "file").read_text() == str(own / "chorales")
        assert not list((shared / "mnist").glob("mnist")), "a link into the link"


def test_a_server_starts_even_where_the_copies_cannot_be_laid_out(start):
    run, home = start
    (home / "workbook").write_text("not a folder")
    (home / ".cache").write_text("nor this")
    done = run()
    assert done.returncode == 0 and done.stdout == "the server\n" and "not up to date" in done.stderr
