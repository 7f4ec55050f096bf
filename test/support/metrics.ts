/** What a node counts under a name, summed over the labels that contain `label`: 0 when there are none yet. */
export async function metric(url: string, name: string, label = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  if (!text.includes(`# TYPE ${name} `)) throw new Error(`the node has no metric ${name}`);
  const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(label));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** What a node answers to GET /readyz. */
export async function readiness(
  url: string,
): Promise<{ http: number; status: string; reasons: string[] }> {
  const response = await fetch(`${url}/readyz`);
  const body = (await response.json()) as { status: string; reasons: string[] };
  return { http: response.status, ...body };
}
