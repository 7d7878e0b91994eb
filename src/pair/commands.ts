/** What an operator can tell this board: the table in services/operator.md. */
import { Command } from "../console/operator"
import { sayStatus, serveAlone } from "./pair"

export const COMMANDS: Command[] = [
    { name: "status", run: sayStatus },
    { name: "serve-alone", run: serveAlone },
]
