import { WHO, type Workload } from "../workload.ts"

export const format: Workload = {
    name: "format",
    about: "blank cards, from power-on to a mirrored pair",
    cards: "blank",
    who: WHO,
    window: stage => stage.boot(),
}
