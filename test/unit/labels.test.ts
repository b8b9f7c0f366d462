import { expect, test } from "vitest"
import { type LabelFacts, planLabels } from "../../src/core/labels.ts"

const nothing: LabelFacts = {
  repository: "ghcr.io/acme/web",
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
  const known = { [image("title")]: "web" }
  expect(plan({})).toEqual({ labels: known, annotations: known })
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
  expect(annotations).toMatchObject({ [image("title")]: "web", [image("version")]: "edge" })
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
