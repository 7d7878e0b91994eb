/**
 * What a board keeps in its flash: the program, and its settings. A VM of the
 * same version writes it, into a flash of the board's size.
 */
import { plainVmWasm, VmInstance } from "../vm/instance.ts"

/** Any: nothing of it is kept. */
const DEVICE = "7a00000000000001"
/** The VM writes what is new a while later. */
const LIMIT_MS = 5000

/**
 * @param size of the room for it
 * @returns as much of it as is not empty
 * @throws when it does not fit
 */
export function makeStorage(
    program: Uint8Array,
    settings: Record<string, unknown>,
    size: number,
): Uint8Array {
    let saved: Uint8Array = new Uint8Array()
    let ms = 10
    const vm = new VmInstance(
        {
            deviceId: DEVICE,
            nowUs: () => ms * 1000,
            random: n => new Uint8Array(n),
            console: () => {},
            panic: () => {},
            // the program runs on nothing: it shall not get far
            door: () => 0,
            reboot: () => {},
            flash: {
                size,
                load: () => new Uint8Array(),
                save: data => {
                    saved = data
                },
            },
        },
        { wasm: plainVmWasm() },
    )
    for (const [key, value] of Object.entries(settings))
        if (!vm.setSetting(key, value))
            throw new Error("the VM has not announced its services")
    vm.deploy(program)
    for (; ms < LIMIT_MS; ms += 10) vm.process()
    if (!saved.length || saved.length > size)
        throw new Error(`program and settings do not fit into ${size} B`)
    return saved
}
