/**
 * Programs that die, by the setting "fault"; see test/models/vm.test.ts, which
 * finds the lines by their comments.
 */
import * as ds from "@devicescript/core"
import { readSetting } from "@devicescript/settings"

async function deeper(what: string) {
    throw new Error(what) // here
}

async function unhandled() {
    await ds.sleep(1)
    await deeper("something is wrong") // called here
}

async function endless() {
    let n = 0
    while (true) n++ // turns here
}

async function hoarding() {
    const hoard: Buffer[] = []
    while (true) {
        hoard.push(Buffer.alloc(1024)) // out of memory here
        await ds.sleep(1)
    }
}

async function handled() {
    try {
        await deeper("caught")
    } catch (e) {
        console.log(`handled ${(e as Error).message}`)
    }
}

/** An exception in a fiber of its own ends the program as well. */
async function fiber() {
    await ds.sleep(5)
    await deeper("in a fiber") // in a fiber here
}

async function main() {
    const fault = (await readSetting("fault")) || "unhandled"
    console.log(`fault ${fault}`)
    if (fault === "unhandled") await unhandled()
    else if (fault === "endless") await endless()
    else if (fault === "hoarding") await hoarding()
    else if (fault === "fiber") fiber.start()
    else if (fault === "restart") ds.restart()
    else if (fault === "reboot") ds.reboot()
    else await handled()
}

await main()
