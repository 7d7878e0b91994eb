/** `npm run card`: what a card says, read on a PC. */
import { Command } from "commander"
import { readCard } from "../card/card.ts"
import { tellCard, tellNewer } from "../card/tell.ts"

/** What reading a card may fail with, and what helps. */
const REASONS: Record<string, string> = {
    ENOENT: "is not there: `lsblk` lists drives",
    EACCES: "is not yours to read: run the command with sudo, or copy the card",
    EISDIR: "is a folder: name the whole drive, as /dev/sdX, or an image of it",
}

const program = new Command()
    .name("npm run card --")
    .description(
        "Says in words what a card of a board holds, and how new it is. " +
            "Of two cards of a pair it says which counts. Only reads.",
    )
    .argument("<card>", "the whole drive, as /dev/sdX, or an image of it")
    .argument("[other]", "the card of the other board")
    .action(tell)

function tell(file: string, other?: string) {
    const cards = (other ? [file, other] : [file]).map(readCard)
    for (const card of cards) console.log(tellCard(card).join("\n"))
    if (other) console.log(tellNewer(cards[0], cards[1]).join("\n"))
}

try {
    program.parse()
} catch (e) {
    const { code, path, message } = e as NodeJS.ErrnoException
    const why = REASONS[code ?? ""]
    console.error(why ? `${path ?? program.args[0]} ${why}` : message)
    process.exitCode = 1
}
