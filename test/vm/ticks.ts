/** Sleeps and idles by turns, and says so; test/models/board-faults.test.ts */
import * as ds from "@devicescript/core"
import { openBench } from "../../src/board/bench"

const board = openBench()

console.log("begins")
while (true) {
    await ds.sleep(50)
    console.log("slept")
    await board.idle(50)
    console.log("idled")
}
