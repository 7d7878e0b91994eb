/** Stands in for src/pair/ports.ts: which ports serve, without chips. */
import type { Port } from "../../src/iscsi/port.ts"

export const served = new Set<Port>()

export async function serve(port: Port) {
    served.add(port)
}

export async function withdraw(port: Port) {
    served.delete(port)
}

export async function checkPorts() {}

/** Nobody else is on the LAN. */
export const isAnswered = () => Promise.resolve(false)
