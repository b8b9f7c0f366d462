import { expect, test } from "vitest"
import { type LabelFacts, lastingLabels, planLabels } from "../../src/core/labels.ts"

const nothing: LabelFacts = {
  commit: "",
  version: "",
  sourceUrl: "",
  labels: [],
  annotations: [],
}
const plan = (facts: Partial<LabelFacts>) => {
  const { labels, annotations } = planLabels({ ...nothing, ...facts })
  return { labels: Object.fromEntries(labels), annotations: Object.fromEntries(annotations) }
}
const image = (name: string) => `org.opencontainers.image.${name}`

test("what is not known is left out", () => {
  expect(plan({})).toEqual({ labels: {}, annotations: {} })
})

test("the caller's own win over what is known, and keep their order", () => {
  const { labels, annotations } = plan({
    version: "1.4.2",
    commitTime: 0,
    labels: [`${image("title")}=The shop`, "empty=", "equation=a=b\nc"],
    annotations: [`${image("version")}=edge`],
  })
  expect(labels).toEqual({
    [image("title")]: "The shop",
    [image("created")]: "1970-01-01T00:00:00Z",
    [image("version")]: "1.4.2",
    empty: "",
    equation: "a=b\nc",
  })
  expect(annotations).toMatchObject({ [image("version")]: "edge" })
})

test("the same source from another commit has the same lasting labels", () => {
  const lasting = (facts: Partial<LabelFacts>) =>
    lastingLabels(planLabels({ ...nothing, version: "1.4.2", labels: ["team=shop"], ...facts }))
  const first = lasting({ commit: "c0ffee1", commitTime: 1 })
  expect(lasting({ commit: "c0ffee2", commitTime: 2 })).toEqual(first)
  expect(lasting({ version: "1.4.3" })).not.toEqual(first)
  expect(lasting({ labels: ["team=cart"] })).not.toEqual(first)
})

test.each<[Partial<LabelFacts>, string]>([
  [
    { labels: ["a=b", " cart"] },
    'labels[1]: " cart" is not NAME=value\n  → write it so; on a command line a value with a comma',
  ],
  [{ annotations: ["=b"] }, 'annotations[0]: "=b" is not NAME=value'],
  [{ labels: ["a b=c"] }, 'labels[0]: "a b=c" is not NAME=value'],
  [{ labels: ["a=\0"] }, "labels[0]: "],
  [{ sourceUrl: "github.com/acme/web" }, 'sourceUrl: "github.com/acme/web" is not an address'],
  [{ sourceUrl: "https://user:s3cret@github.com/acme/web" }, "sourceUrl: it has a user in it\n"],
])("refuses %j", (facts, message) => expect(() => plan(facts)).toThrow(message))
