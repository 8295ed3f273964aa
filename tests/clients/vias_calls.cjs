// Drives the service with the npm core of the vendor's SDK: one task's life, and the lists. Prints what came back, as JSON.
//
// node vias_calls.cjs ENDPOINT ACCESS_KEY SECRET_KEY PROJECT_ID
// The packages are found through NODE_PATH.
"use strict";

const { BasicCredentials } = require("@huaweicloud/huaweicloud-sdk-core");
const { ClientBuilder } = require("@huaweicloud/huaweicloud-sdk-core/ClientBuilder");

const [endpoint, accessKey, secretKey, projectId] = process.argv.slice(2);
const CLOUD = "c-intrusiondetection-cloud";

class Vias {
  constructor(hcClient) {
    this.hcClient = hcClient;
  }

  async call(method, url, { data, query, ids } = {}) {
    const answer = await this.hcClient.sendRequest({
      method,
      url,
      contentType: "application/json",
      headers: {},
      pathParams: { project_id: projectId, ...ids },
      queryParams: query || {},
      data: data === undefined ? {} : data, // the core sends {} on GET and PUT, and signs that
    });
    return answer;
  }
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return { status: error.httpStatusCode, code: error.errorCode };
  }
  return {};
}

async function main() {
  const credentials = new BasicCredentials().withAk(accessKey).withSk(secretKey).withProjectId(projectId);
  const vias = new ClientBuilder((hcClient) => new Vias(hcClient))
    .withCredential(credentials)
    .withEndpoint(endpoint)
    .build();
  const task = {
    name: "node-gate",
    description: "\u4e2d",
    service_version: "3.0",
    input: { type: "url", data: [{ url: "rtsp://camera.test:554/main" }] },
    output: { event_center: true },
  };
  const made = await vias.call("POST", "/v2/{project_id}/services/{service_name}/tasks", {
    data: task,
    ids: { service_name: CLOUD },
  });
  const ids = { task_id: made.tasks[0].id };
  const one = "/v2/{project_id}/tasks/{task_id}";
  const shown = await vias.call("GET", one, { ids });
  const listed = await vias.call("GET", "/v2/{project_id}/tasks", {
    query: { task_name: "node-gate", page: 1, page_size: 5 },
  });
  const updated = await vias.call("PUT", one, { ids, data: { ...task, name: "node-gate-2" } });
  const renamed = await vias.call("GET", one, { ids });
  const stopped = await vias.call("PUT", `${one}/action/stop`, { ids });
  const source = await vias.call("POST", "/v2/{project_id}/source", {
    data: {
      video_source_name: "camera 1",
      access_type: "cloud",
      type: "url",
      type_config: "<type>URL</type><config><URL_ADDRESS>rtsp://10.0.0.7:554/main</URL_ADDRESS></config>",
    },
  });
  const sources = await vias.call("GET", "/v2/{project_id}/source/sources", { query: { status: [9, 2, 1] } });
  const services = await vias.call("GET", "/v2/{project_id}/algorithm/services/user");
  const deleted = await vias.call("DELETE", one, { ids });
  const unknown = await refusal(vias.call("GET", one, { ids: { task_id: "0".repeat(32) } }));
  console.log(
    JSON.stringify({
      id: ids.task_id,
      shown: { name: shown.name, description: shown.description, state: shown.state },
      listed: listed.tasks.map((each) => each.id),
      updated: updated.httpStatusCode,
      renamed: renamed.name,
      stopped: stopped.status_msg,
      source: source.video_source_id,
      sources: sources.video_source_list.map((each) => each.video_source_id),
      services: services.service_list.map((each) => each.service_name),
      deleted: deleted.httpStatusCode,
      unknown,
    }),
  );
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
