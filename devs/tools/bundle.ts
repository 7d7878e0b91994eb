/** `npm run bundle`: all that a board needs, in one file to flash. */
import { Command } from "commander"
import {
    makeImage,
    withImageOptions,
    type ImageOptions,
} from "../bundle/make.ts"

const program = new Command()
    .name("npm run bundle --")
    .description(
        "Puts DeviceScript's firmware, the board's pins, the program and the " +
            "settings of one board of a pair into one file to flash.",
    )
    .action((opts: ImageOptions) => void makeImage(opts))

try {
    withImageOptions(program).parse()
} catch (e) {
    console.error((e as Error).message)
    process.exitCode = 1
}
