/**
 * Shown by a fence that breaks while, or moments before, the partner stands still,
 * or that reads well and does not reset ("fence-stuck-high").
 */
import type { Bug } from "./bug.ts"

export const earlyAnnounce: Bug = {
    slug: "early-announce",
    name: "announces the identity before the fence is confirmed",
    why: "two boards serve one volume when the fence does not reach the silent one",
    profile: ["fence-stuck-high", "stall", "hang"],
    patches: [
        {
            file: "src/pair/heartbeat.ts",
            find: `            pin.setMode(ds.GPIOMode.OutputLow)
`,
            replace: `            pin.setMode(ds.GPIOMode.OutputLow)
            partnerIsFenced()
`,
        },
        {
            file: "src/pair/heartbeat.ts",
            find: `        case Act.TakeOver:
            partnerIsFenced()
`,
            replace: `        case Act.TakeOver:
`,
        },
        {
            file: "src/pair/pair.ts",
            find: "    if (wantsCarrier()) {\n        sawCarrier",
            replace:
                "    if (wantsCarrier() && !mustTakeOver) {\n        sawCarrier",
        },
    ],
}
