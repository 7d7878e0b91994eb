/** Shown by a host that writes beside a resync, where both copies were equal. */
import type { Bug } from "./bug.ts"

export const unmarkedBesideResync: Bug = {
    slug: "unmarked-beside-resync",
    name: "sends writes beside a resync before it has marked where they go",
    why: "what dies with the board is on its partner's card alone, for ever",
    profile: ["card-removed", "power-cut"],
    patches: [
        {
            file: "src/pair/mirror.ts",
            find: "    return isMapSaved(v) && (",
            replace:
                "    if (v.mode !== Mode.Mirrored) return true\n" +
                "    return isMapSaved(v) && (",
        },
    ],
}
