// What is asked of the server; its sentence where it refuses.

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Ask for JSON; parameters that are undefined are left out. Throws Refused, TypeError where nothing answers. */
export async function ask(name, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined));
  const answer = await fetch(`api/${name}?${query}`, { signal, headers: { accept: "application/json" } });
  if (answer.ok) return answer.json();
  const told = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, told.error ?? `${answer.status} ${answer.statusText}`);
}
