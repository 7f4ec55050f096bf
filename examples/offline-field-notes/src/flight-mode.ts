/**
 * Flight mode for a phone that is only a frame on this page. It is done to the sockets of the page:
 * the SDK notices as it would notice a network that is gone, or is back.
 */
const sockets = new Set<WebSocket>();
const listeners = new Set<() => void>();
let isOn = false;

class SwitchedSocket extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets.add(this);
    this.addEventListener('close', () => sockets.delete(this));
    if (isOn) this.close();
  }
}

/** From here on the sockets of this page obey `setFlightMode`. */
export function installFlightMode(): void {
  globalThis.WebSocket = SwitchedSocket;
}

export function setFlightMode(on: boolean): void {
  isOn = on;
  if (on) for (const socket of sockets) socket.close();
  // What browsers say when there is a network again; the SDK then connects at once.
  else dispatchEvent(new Event('online'));
  for (const listener of [...listeners]) listener();
}

export const flightMode = {
  isOn: (): boolean => isOn,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
