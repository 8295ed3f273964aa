"""Identity, driven by clients that other people wrote: the vendor's SDK, keystoneauth1, openstacksdk."""

from collections.abc import Iterator
from typing import Any

import openstack
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkiam.v3 import IamClient, model
from huaweicloudsdkvas.v2 import ListTasksDetailsRequest, VasClient
from huaweicloudsdkvas.v2.region.vas_region import VasRegion
from keystoneauth1 import exceptions
from keystoneauth1.adapter import Adapter
from keystoneauth1.identity import v3
from keystoneauth1.session import Session
from service import CLOUD, Client, Service

pytestmark = [  # openstacksdk warns of itself
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
]
PASSWORD = "correct horse battery"


def signed(client: Client, account: Any = None) -> Any:
    """The vendor's identity client, signing with an access key."""
    who = account or client.account
    keys = BasicCredentials(who.access_key, who.secret_key, who.project_id)
    return IamClient.new_builder().with_credentials(keys).with_endpoint(client.base).build()


def session_of(client: Client, **given: Any) -> Session:
    """keystoneauth1, logged in by password; its adapters close their connections with the session."""
    account = client.account
    who = {
        "username": account.user_name,
        "password": account.password,
        "user_domain_name": "Default",
        "project_name": account.project_name,
        "project_domain_name": "Default",
    } | given
    return Session(auth=v3.Password(auth_url=f"{client.base}/v3", **who))


@pytest.fixture
def cloud(client: Client) -> Iterator[Any]:
    """openstacksdk, as the administrator of the installation."""
    account = client.account
    connection = openstack.connection.Connection(
        auth={
            "auth_url": f"{client.base}/v3",
            "username": account.user_name,
            "password": account.password,
            "project_name": account.project_name,
            "user_domain_id": "default",
            "project_domain_id": "default",
        },
        region_name="local",
    )
    yield connection
    connection.close()


def login_body(client: Client, scope: Any) -> Any:
    account = client.account
    user = model.PwdPasswordUser(
        name=account.user_name, password=account.password, domain=model.PwdPasswordUserDomain(name=account.user_name)
    )
    password = model.PwdPassword(user=user)
    identity = model.PwdIdentity(methods=["password"], password=password)
    return model.KeystoneCreateUserTokenByPasswordRequestBody(auth=model.PwdAuth(identity=identity, scope=scope))


def test_the_vendors_client_logs_in_by_password(client: Client) -> None:
    """It signs that request too, and names a project without a domain."""
    scope = model.AuthScope(project=model.AuthScopeProject(name=client.account.project_name))
    request = model.KeystoneCreateUserTokenByPasswordRequest(body=login_body(client, scope))
    answer = signed(client).keystone_create_user_token_by_password(request)
    assert answer.token.project.id == client.account.project_id
    shown = client.call("GET", f"{client.root}/tasks", X_Auth_Token=answer.x_subject_token)
    assert shown.status == 200
    checked = signed(client).keystone_validate_token(
        model.KeystoneValidateTokenRequest(x_subject_token=answer.x_subject_token)
    )
    assert checked.token.user.name == client.account.user_name


def test_the_vendors_client_lists_projects_by_name(service: Service, client: Client) -> None:
    """Exactly the caller's own, though they may see others."""
    service.client()
    request = model.KeystoneListProjectsRequest(name=client.account.project_name)
    assert [found.id for found in signed(client).keystone_list_projects(request).projects] == [
        client.account.project_id
    ]
    mine = signed(client).keystone_list_auth_projects(model.KeystoneListAuthProjectsRequest())
    assert [found.id for found in mine.projects] == [client.account.project_id]


def test_an_access_key_lives_from_making_to_removal(client: Client) -> None:
    """Made, used, put to rest, removed: all with the vendor's own client."""
    iam = signed(client)
    user_id = client.call("GET", "/v3/auth/tokens", X_Subject_Token=client.account.token).json["token"]["user"]["id"]
    body = model.CreatePermanentAccessKeyRequestBody(
        credential=model.CreateCredentialOption(user_id=user_id, description="gateway")
    )
    made = iam.create_permanent_access_key(model.CreatePermanentAccessKeyRequest(body=body)).credential
    assert (made.status, made.description) == ("active", "gateway")
    keys = BasicCredentials(made.access, made.secret, client.account.project_id)
    other = IamClient.new_builder().with_credentials(keys).with_endpoint(client.base).build()
    listed = other.list_permanent_access_keys(model.ListPermanentAccessKeysRequest()).credentials
    assert {key.access for key in listed} == {made.access, client.account.access_key}
    rest = model.UpdatePermanentAccessKeyRequest(
        access_key=made.access,
        body=model.UpdatePermanentAccessKeyRequestBody(credential=model.UpdateCredentialOption(status="inactive")),
    )
    assert iam.update_permanent_access_key(rest).credential.status == "inactive"
    with pytest.raises(ClientRequestException) as refused:
        other.list_permanent_access_keys(model.ListPermanentAccessKeysRequest())
    assert (refused.value.status_code, refused.value.error_code) == (401, "APIGW.0301")
    iam.delete_permanent_access_key(model.DeletePermanentAccessKeyRequest(access_key=made.access))
    with pytest.raises(ClientRequestException) as gone:
        iam.show_permanent_access_key(model.ShowPermanentAccessKeyRequest(access_key=made.access))
    assert gone.value.status_code == 404


def test_the_vendors_client_makes_users(client: Client) -> None:
    """In both of its dialects."""
    iam = signed(client)
    option = model.CreateUserOption(name=f"{client.account.user_name}-a", domain_id="default", password=PASSWORD)
    request = model.CreateUserRequest(body=model.CreateUserRequestBody(user=option))
    made = iam.create_user(request).user
    assert iam.show_user(model.ShowUserRequest(user_id=made.id)).user.name == option.name
    keystone = model.KeystoneCreateUserOption(name=f"{client.account.user_name}-b", password=PASSWORD)
    body = model.KeystoneCreateUserRequestBody(user=keystone)
    iam.keystone_create_user(model.KeystoneCreateUserRequest(body=body))
    named = iam.keystone_list_users(model.KeystoneListUsersRequest(name=keystone.name)).users
    assert [user.name for user in named] == [keystone.name]
    iam.keystone_delete_user(model.KeystoneDeleteUserRequest(user_id=made.id))
    assert iam.keystone_list_users(model.KeystoneListUsersRequest(name=option.name)).users == []


def test_environment_variables_alone_set_the_sdk_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and addresses from the environment, no project: the SDK asks for it by the region's name, signed."""
    client = service.client(project_name="cn-north-4")
    monkeypatch.setenv("HUAWEICLOUD_SDK_AK", client.account.access_key)
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", client.account.secret_key)
    monkeypatch.setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", client.base)
    monkeypatch.setenv("HUAWEICLOUD_SDK_REGION_VAS_CN_NORTH_4", client.base)
    vas = VasClient.new_builder().with_region(VasRegion.value_of("cn-north-4")).build()
    assert vas.list_tasks_details(ListTasksDetailsRequest(service_name=CLOUD)).tasks == []


def test_global_credentials_find_the_domain(client: Client) -> None:
    """They ask for the account's domain before anything else."""
    account = client.account
    keys = GlobalCredentials(account.access_key, account.secret_key).with_iam_endpoint(client.base)
    iam = IamClient.new_builder().with_credentials(keys).with_region(Region("cn-north-4", client.base)).build()
    assert len(iam.keystone_list_auth_domains(model.KeystoneListAuthDomainsRequest()).domains) == 1


def test_keystoneauth_goes_from_a_password_to_a_call(client: Client) -> None:
    """Five lines, with the catalog in between."""
    session = session_of(client)
    answer = Adapter(session, service_type="vias").get("/tasks")
    assert answer.json()["tasks"] == []
    assert session.get_project_id() == client.account.project_id
    assert session.get_endpoint(service_type="identity") == f"{client.base}/v3"
    with pytest.raises(exceptions.Unauthorized):
        session_of(client, password="wrong").get_token()


def test_keystoneauth_renews_a_token_that_was_ended(client: Client) -> None:
    """A client that is told 401 logs in again by itself."""
    session = session_of(client)
    token = str(session.get_token())
    assert client.call("DELETE", "/v3/auth/tokens", X_Auth_Token=token, X_Subject_Token=token).status == 204
    assert Adapter(session, service_type="vias").get("/tasks").status_code == 200
    assert session.get_token() != token


def test_openstacksdk_manages_projects_users_and_roles(cloud: Any, client: Client) -> None:
    """Made, found by name, given a role, used, taken away."""
    name = f"{client.account.project_name}-harbour"
    project = cloud.identity.create_project(name=name, domain_id="default", description="quay")
    user = cloud.identity.create_user(name=f"{name}-guard", password=PASSWORD, domain_id="default")
    role = cloud.identity.find_role("operator")
    assert cloud.identity.find_project(name).id == project.id
    assert cloud.identity.find_user(f"{name}-guard").id == user.id
    assert cloud.identity.find_user("nobody at all") is None
    cloud.identity.assign_project_role_to_user(project, user, role)
    assert cloud.identity.validate_user_has_project_role(project, user, role)
    held = list(cloud.identity.role_assignments(user_id=user.id, include_names=True))
    assert [(found.role["name"], found.scope["project"]["name"]) for found in held] == [("operator", name)]
    theirs = session_of(client, username=user.name, password=PASSWORD, project_name=name)
    assert Adapter(theirs, service_type="vias").get("/tasks").status_code == 200
    cloud.identity.update_user(user, is_enabled=False)
    assert client.call("GET", f"/v2/{project.id}/tasks", X_Auth_Token=str(theirs.get_token())).status == 401
    cloud.identity.unassign_project_role_from_user(project, user, role)
    cloud.identity.delete_user(user)
    cloud.identity.delete_project(project)
    assert cloud.identity.find_project(name) is None
    assert [domain.id for domain in cloud.identity.domains()] == ["default"]


def test_openstacksdks_session_calls_the_api(cloud: Any, client: Client) -> None:
    """Its catalog leads to the tasks."""
    adapter = Adapter(cloud.session, service_type="vias", interface="public")
    assert adapter.get("/tasks").json()["tasks"] == []
    assert cloud.current_project_id == client.account.project_id
