/** What an operator can tell this board: the table in services/operator.md. */
import { Command } from "../console/operator"
import { resync, sayStatus, serveAlone } from "./pair"
import { giveBack, takeVolume } from "./giving"
import { discard } from "./split"
import { stopVerify, verify } from "./verify"

export const COMMANDS: Command[] = [
    { name: "status", run: sayStatus },
    { name: "serve-alone", run: serveAlone },
    { name: "takeover", run: takeVolume },
    { name: "giveback", run: giveBack },
    { name: "discard", run: discard },
    { name: "verify", run: verify },
    { name: "stop-verify", run: stopVerify },
    { name: "resync", run: resync },
]
