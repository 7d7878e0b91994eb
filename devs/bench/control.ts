/** The control API: looks at a bench and breaks it, in JSON over HTTP. */
import http from "node:http"
import { COMMAND_NAME_MAX, commandName } from "../../src/wire/operator.ts"
import type { Bench } from "./bench.ts"
import {
    BOARD_NAMES,
    WIRE_NAMES,
    type BoardName,
    type WireName,
} from "./pair.ts"
import { Unreachable } from "./serial.ts"

const MAX_BODY = 4096

/** A request that cannot be carried out, and why. */
class BadRequest extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message)
    }
}

type Body = Record<string, unknown>

interface Route {
    method: string
    path: RegExp
    /** @returns what is answered */
    run(bench: Bench, name: string, body: Body): unknown
}

function flag(body: Body, key: string): boolean {
    const value = body[key]
    if (typeof value !== "boolean")
        throw new BadRequest(400, `body must be {"${key}": true or false}`)
    return value
}

function command(body: Body): string {
    const { name } = body
    if (typeof name !== "string" || !commandName(Buffer.from(name)))
        throw new BadRequest(
            400,
            `body must be {"name": 1 to ${COMMAND_NAME_MAX} characters of ASCII}`,
        )
    return name
}

function oneOf<T extends string>(all: readonly T[], name: string): T {
    const found = all.find(n => n === name)
    if (!found)
        throw new BadRequest(404, `no "${name}": there is ${all.join(", ")}`)
    return found
}

const board = (name: string): BoardName => oneOf(BOARD_NAMES, name)
const wire = (name: string): WireName => oneOf(WIRE_NAMES, name)

const ROUTES: Route[] = [
    {
        method: "GET",
        path: /^\/state$/,
        run: bench => bench.state(),
    },
    {
        method: "POST",
        path: /^\/boards\/([^/]+)\/power$/,
        run: (bench, name, body) =>
            bench.setPower(board(name), flag(body, "on")),
    },
    {
        method: "POST",
        path: /^\/boards\/([^/]+)\/hang$/,
        run: (bench, name, body) => {
            const b = board(name)
            const on = flag(body, "on")
            if (on && !bench.pair.nodes[b].board.isPowered)
                throw new BadRequest(409, `board ${b} has no power`)
            bench.setHung(b, on)
        },
    },
    {
        method: "POST",
        path: /^\/boards\/([^/]+)\/card$/,
        run: (bench, name, body) =>
            bench.setCard(board(name), flag(body, "present")),
    },
    {
        method: "POST",
        path: /^\/boards\/([^/]+)\/command$/,
        run: (bench, name, body) => bench.command(board(name), command(body)),
    },
    {
        method: "POST",
        path: /^\/wires\/([^/]+)$/,
        run: (bench, name, body) => bench.cut(wire(name), flag(body, "cut")),
    },
]

async function readBody(req: http.IncomingMessage): Promise<Body> {
    let text = ""
    for await (const chunk of req) {
        text += chunk
        if (text.length > MAX_BODY) throw new BadRequest(413, "body too long")
    }
    if (text === "") return {}
    let value: unknown
    try {
        value = JSON.parse(text)
    } catch {
        throw new BadRequest(400, "body is not JSON")
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
        throw new BadRequest(400, "body is not a JSON object")
    return value as Body
}

async function handle(bench: Bench, req: http.IncomingMessage) {
    const path = (req.url ?? "").split("?")[0]
    const routes = ROUTES.filter(r => r.path.test(path))
    if (!routes.length) throw new BadRequest(404, `nothing at ${path}`)
    const route = routes.find(r => r.method === req.method)
    if (!route)
        throw new BadRequest(405, `${path} takes ${routes[0].method} only`)
    const name = route.path.exec(path)?.[1] ?? ""
    const body = req.method === "POST" ? await readBody(req) : {}
    try {
        return route.run(bench, name, body) ?? { ok: true }
    } catch (e) {
        if (e instanceof Unreachable) throw new BadRequest(409, e.message)
        throw e
    }
}

/** Serves the API. @throws when the address is in use */
export async function serveControl(bench: Bench, host: string, port: number) {
    const server = http.createServer((req, res) => {
        const answer = (status: number, body: unknown) => {
            res.writeHead(status, { "content-type": "application/json" })
            res.end(JSON.stringify(body, undefined, 1) + "\n")
        }
        handle(bench, req).then(
            body => answer(200, body),
            (e: unknown) =>
                e instanceof BadRequest
                    ? answer(e.status, { error: e.message })
                    : answer(500, { error: String(e) }),
        )
    })
    await new Promise<void>((resolve, reject) => {
        server.once("error", reject)
        server.listen(port, host, resolve)
    })
    return server
}
