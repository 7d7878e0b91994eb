/** Asks the control API, at this process's own address. */
import type { Bench } from "../../devs/bench/bench.ts"
import { CONTROL } from "./live.ts"

export type State = ReturnType<Bench["state"]>

/** One request. */
export async function ask(
    method: string,
    where: string,
    body?: string | object,
): Promise<{ status: number; type: string | null; body: unknown }> {
    const answer = await fetch(`http://${CONTROL.ip}:${CONTROL.port}${where}`, {
        method,
        body: typeof body === "object" ? JSON.stringify(body) : body,
    })
    const type = answer.headers.get("content-type")
    return { status: answer.status, type, body: await answer.json() }
}

export async function state(): Promise<State> {
    return (await ask("GET", "/state")).body as State
}

/** Asks until the state is as wanted. */
export async function untilState(wanted: (s: State) => boolean) {
    for (;;) {
        const s = await state()
        if (wanted(s)) return s
        await new Promise(done => setTimeout(done, 20))
    }
}
