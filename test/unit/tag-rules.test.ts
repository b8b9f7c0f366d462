import fc from "fast-check"
import { describe, expect, it, test } from "vitest"
import { planImageTags, type TagRequest } from "../../src/core/image-tags.ts"

// The tables of docker/metadata-action's README (v5), row by row, asked of our own rules.

const commit = "860c1904a1ce19322e91ac35af1ab07466440c37"
/** 2020-01-10T00:30:00Z, as in those tables. */
const time = 1_578_616_200_000

const nothing: TagRequest = {
  commit: "",
  branch: "",
  gitTag: "",
  baseBranch: "",
  defaultBranch: "",
  scheduled: false,
  time,
  tags: [],
  tagRules: "",
  tagFlavor: "",
}

type Facts = Partial<TagRequest>
const tags = (rules: string, facts: Facts, flavor = "") =>
  planImageTags({ ...nothing, commit, ...facts, tagRules: rules, tagFlavor: flavor }).tags

const version = (gitTag: string): Facts => ({ gitTag })

describe("the examples at its beginning", () => {
  const basic = "type=schedule\ntype=ref,event=branch\ntype=ref,event=tag\ntype=ref,event=pr"
  it.each<[Facts, string[]]>([
    [{ pullRequest: 2, branch: "patch-1" }, ["pr-2"]],
    [{ branch: "master" }, ["master"]],
    [{ branch: "refs/heads/releases/v1" }, ["releases-v1"]],
    [version("v1.2.3"), ["v1.2.3", "latest"]],
    [version("refs/tags/v2.0.8-beta.67"), ["v2.0.8-beta.67", "latest"]],
  ])("basic: %j", (facts, expected) => expect(tags(basic, facts)).toEqual(expected))

  const semver = `type=ref,event=branch
    type=ref,event=pr
    type=semver,pattern={{version}}
    type=semver,pattern={{major}}.{{minor}}`
  it.each<[Facts, string[]]>([
    [{ pullRequest: 2 }, ["pr-2"]],
    [{ branch: "master" }, ["master"]],
    [{ branch: "releases/v1" }, ["releases-v1"]],
    [version("v1.2.3"), ["1.2.3", "1.2", "latest"]],
    [version("v2.0.8-beta.67"), ["2.0.8-beta.67"]],
  ])("semver: %j", (facts, expected) => expect(tags(semver, facts)).toEqual(expected))

  it("with a commit: the sha comes before latest", () => {
    expect(tags(`type=sha\n${semver}`, version("v1.2.3"))).toEqual(["1.2.3", "1.2", "sha-860c190", "latest"])
  })
})

test.each<[gitTag: string, pattern: string, tag: string]>([
  ["v1.2.3", "{{raw}}", "v1.2.3"],
  ["v1.2.3", "{{version}}", "1.2.3"],
  ["v1.2.3", "{{major}}.{{minor}}", "1.2"],
  ["v1.2.3", "v{{major}}", "v1"],
  ["v1.2.3", "{{minor}}", "2"],
  ["v1.2.3", "{{patch}}", "3"],
  ["v2.0.8-beta.67", "{{raw}}", "v2.0.8-beta.67"],
  ["v2.0.8-beta.67", "{{version}}", "2.0.8-beta.67"],
  ["v2.0.8-beta.67", "{{major}}.{{minor}}", "2.0.8-beta.67"],
])("semver: %s by %s is %s", (gitTag, pattern, tag) => {
  expect(tags(`type=semver,pattern=${pattern}`, version(gitTag))[0]).toBe(tag)
})

test.each<[gitTag: string, pattern: string, tag: string]>([
  ["1.2.3", "{{raw}}", "1.2.3"],
  ["1.2.3", "{{version}}", "1.2.3"],
  ["v1.2.3", "{{version}}", "1.2.3"],
  ["1.2.3", "{{major}}.{{minor}}", "1.2"],
  ["1.2.3", "v{{major}}", "v1"],
  ["v1.2.3rc2", "{{raw}}", "v1.2.3rc2"],
  ["1.2.3rc2", "{{version}}", "1.2.3rc2"],
  ["1.2.3rc2", "{{major}}.{{minor}}", "1.2.3rc2"],
  ["1.2.3post1", "{{major}}.{{minor}}", "1.2.3.post1"],
  ["1.2.3beta2", "{{major}}.{{minor}}", "1.2.3b2"],
  ["1.0dev4", "{{major}}.{{minor}}", "1.0.dev4"],
])("pep440: %s by %s is %s", (gitTag, pattern, tag) => {
  expect(tags(`type=pep440,pattern=${pattern}`, version(gitTag))[0]).toBe(tag)
})

test.each<[gitTag: string, pattern: string, group: number, tag: string]>([
  ["v1.2.3", "\\d.\\d.\\d", 0, "1.2.3"],
  ["v2.0.8-beta.67", "v(.*)", 1, "2.0.8-beta.67"],
  ["v2.0.8-beta.67", "v(\\d.\\d)", 1, "2.0"],
  ["20200110-RC2", "\\d+", 0, "20200110"],
  ["p1/v1.2.3", "p1/v(\\d.\\d.\\d)", 1, "1.2.3"],
])("match: %s by %s, group %d, is %s", (gitTag, pattern, group, tag) => {
  expect(tags(`type=match,pattern=${pattern},group=${group}`, version(gitTag))).toEqual([tag, "latest"])
})

test.each<[pattern: string, tag: string]>([
  ["", "nightly"],
  [",pattern=nightly", "nightly"],
  [",pattern={{date 'YYYYMMDD'}}", "20200110"],
  [",pattern={{date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}", "20200110-093000"],
])("schedule%s is %s, and nothing without one", (pattern, tag) => {
  expect(tags(`type=schedule${pattern}`, { scheduled: true })).toEqual([tag])
  expect(tags(`type=schedule${pattern}\ntype=sha`, {})).toEqual(["sha-860c190"])
})

test.each<[rule: string, facts: Facts, tag: string]>([
  ["type=raw,foo", {}, "foo"],
  ["type=raw,value=foo", {}, "foo"],
  ["foo", {}, "foo"],
  ["type=sha", {}, "sha-860c190"],
  ["type=sha,format=long", {}, `sha-${commit}`],
  ["type=sha,prefix={{branch}}-", { branch: "my/branch" }, "my-branch-860c190"],
  ["type=raw,value=mytag-{{branch}}-{{sha}}", { branch: "master" }, "mytag-master-860c190"],
  ["type=edge", { branch: "main", defaultBranch: "main" }, "edge"],
  ["type=edge,branch=next", { branch: "next", defaultBranch: "main" }, "edge"],
  ["type=raw,value=latest,enable={{is_default_branch}}", { branch: "main", defaultBranch: "main" }, "latest"],
  ["type=ref,event=pr,suffix=-{{base_ref}}", { pullRequest: 318, baseBranch: "master" }, "pr-318-master"],
  ["type=ref,event=pr,prefix=", { pullRequest: 318 }, "318"],
  ["type=raw,value=x{{tag}}", { branch: "master" }, "x"],
  ["type=raw,value=x{{branch}}", { pullRequest: 1, branch: "main" }, "x"],
  ["type=semver,pattern={{version}},value=v1.0.0", { branch: "master" }, "1.0.0"],
  ["type=raw,value={{commit_date 'YYYYMMDD'}}", { commitTime: Date.UTC(1999, 11, 31) }, "19991231"],
  ["type=raw,value={{commit_date 'YYYYMMDD'}}", {}, "20200110"],
  [
    '"type=raw","value={{date \'dddd, MMMM Do YYYY, h:mm:ss a\'}}"',
    {},
    "Friday-January-10th-2020-12-30-00-am",
  ],
])("%s with %j is %s", (rule, facts, tag) => {
  expect(tags(rule, facts)[0]).toBe(tag)
})

test.each<[rule: string, facts: Facts]>([
  ["type=semver,pattern={{version}}", { branch: "master" }],
  ["type=ref,event=branch", { pullRequest: 2, branch: "main" }],
  ["type=ref,event=tag", { branch: "main" }],
  ["type=edge", { branch: "feature", defaultBranch: "main" }],
  ["type=edge", { pullRequest: 2, branch: "main", defaultBranch: "main" }],
  ["type=raw,value=latest,enable={{is_default_branch}}", { branch: "feature", defaultBranch: "main" }],
  [
    "type=raw,value=latest,enable={{is_default_branch}}",
    { pullRequest: 2, branch: "main", defaultBranch: "main" },
  ],
  ["type=raw,value=latest,enable=false", {}],
])("%s gives none with %j", (rule, facts) => {
  expect(tags(`${rule}\nother`, facts)).toEqual(["other"])
})

describe("the order", () => {
  const every = `
    # as in its README: comments and empty lines do not count

    type=sha
    type=raw,value=raw
    type=ref,event=branch
    type=edge
    type=match,pattern=.*,value=match
    type=pep440,pattern={{version}},value=2.0
    type=semver,pattern={{version}},value=1.0.0
    type=schedule`
  const facts = { branch: "main", defaultBranch: "main", scheduled: true }

  it("is that of the default priorities; of two with the same one, that of the lines", () => {
    expect(tags(every, facts)).toEqual([
      "nightly",
      "2.0",
      "1.0.0",
      "match",
      "edge",
      "main",
      "raw",
      "sha-860c190",
    ])
  })

  it("follows priority=", () => {
    expect(tags("type=raw,value=a\ntype=sha,priority=201\ntype=raw,value=b,priority=-1", {})).toEqual([
      "sha-860c190",
      "a",
      "b",
    ])
  })
})

describe("the flavor", () => {
  const rules = "type=semver,pattern={{version}}\ntype=ref,event=branch\ntype=sha"
  it.each<[string, Facts, string[]]>([
    ["latest=true", { branch: "main" }, ["main", "sha-860c190", "latest"]],
    ["latest=false", version("v1.2.3"), ["1.2.3", "sha-860c190"]],
    ["latest=auto", version("v1.2.3"), ["1.2.3", "sha-860c190", "latest"]],
    ["prefix=web-", version("v1.2.3"), ["web-1.2.3", "sha-860c190", "latest"]],
    ["suffix=-alpine", version("v1.2.3"), ["1.2.3-alpine", "sha-860c190-alpine", "latest"]],
    [
      "prefix=web-,onlatest=true\nsuffix=-alpine,onlatest=true",
      version("v1.2.3"),
      ["web-1.2.3-alpine", "sha-860c190-alpine", "web-latest-alpine"],
    ],
  ])("%s", (flavor, facts, expected) => expect(tags(rules, facts, flavor)).toEqual(expected))
})

test("latest follows the rule of the first tag", () => {
  expect(tags("type=semver,pattern={{version}}\ntype=ref,event=tag", version("v2.0.0-rc.1"))).toEqual([
    "2.0.0-rc.1",
    "v2.0.0-rc.1",
  ])
})

test("a git tag that is no version is told, and the caller's own tags come last", () => {
  const planned = planImageTags({
    ...nothing,
    gitTag: "spring",
    tags: ["mine", "one"],
    tagRules: "type=semver,pattern={{version}}\ntype=match,pattern=v(.*)\none",
  })
  expect(planned).toEqual({
    tags: ["one", "mine"],
    notes: ['tagRules[0]: "spring" is no semantic version', 'tagRules[1]: "v(.*)" does not match "spring"'],
  })
})

test.each<[rules: string, facts: Facts, message: string]>([
  [
    "type=sha\n\n# no rule\ntype=semver\n",
    {},
    "tagRules[1]: type=semver has no pattern\n  → add pattern=…, as in type=semver,pattern={{version}}",
  ],
  ["type=tag", {}, 'tagRules[0]: there is no type "tag"\n  → use schedule, semver'],
  ["type=sha,fromat=long", {}, 'tagRules[0]: type=sha has no attribute "fromat"\n  → it has format, enable'],
  ["type=match,pattern=a{1,2}", {}, 'tagRules[0]: type=match has no place for "2}"'],
  ["type=ref", {}, "tagRules[0]: type=ref has no event"],
  ["type=ref,event=push", {}, 'tagRules[0]: "push" is no event of type=ref\n  → use branch or tag or pr'],
  ["type=sha,format=full", {}, 'tagRules[0]: "full" is no format of type=sha'],
  ["type=match,pattern=v(", {}, 'tagRules[0]: "v(" is not a regular expression'],
  ["type=match,pattern=v,group=x", {}, 'tagRules[0]: "x" is no number of a group'],
  ["type=sha,priority=high", {}, 'tagRules[0]: the priority "high" is not a whole number'],
  ["type=raw,value={{commit}}", {}, 'tagRules[0]: "{{commit}}" is unknown\n  → use {{branch}}, {{tag}}'],
  ["type=raw,value={{branch}", {}, 'tagRules[0]: "{{branch}" has braces that do not match'],
  ["type=raw,value={{#if branch}}x{{/if}}", {}, 'tagRules[0]: "{{#if branch}}" is unknown'],
  ["type=raw,value={{date 'YYYY' tz='Mars'}}", {}, 'tagRules[0]: "Mars" is not a time zone'],
  [
    "type=raw,value={{date 'GGGG-[W]WW'}}",
    {},
    'tagRules[0]: the date format "GGGG-[W]WW" has "G", which is not supported',
  ],
  ["type=sha,enable=maybe", {}, 'tagRules[0]: enable is "maybe"\n  → it must come to true or false'],
  ["type=raw,value=日本", {}, 'tagRules[0]: gives "日本", which cannot be a tag'],
  ['type=raw,"value=a', {}, "tagRules[0]: has a quote that does not end"],
  ["type=sha", { commit: "" }, "tagRules[0]: needs what the call does not tell\n  → add --commit"],
  [
    "type=edge",
    { branch: "main" },
    "tagRules[0]: needs what the call does not tell\n  → add --default-branch main",
  ],
  [
    "x\ny,enable={{is_default_branch}}",
    {},
    "tagRules[1]: needs what the call does not tell\n  → add --default-branch main",
  ],
  [
    "type=ref,event=tag",
    { branch: "main" },
    "tagRules: none of the rules gives a tag for this build\n  → say more about",
  ],
  [
    "type=semver,pattern={{version}}",
    version("x"),
    'tagRules: none of the rules gives a tag for this build: tagRules[0]: "x" is no semantic version\n',
  ],
  ["type=sha", { pullRequest: 1, gitTag: "v1" }, "pullRequest: it is given together with a git tag"],
  ["type=sha", { pullRequest: 0 }, "pullRequest: 0 is not the number of one"],
  ["", { tagFlavor: "latest=true" }, "tagFlavor: there is a flavor without rules\n  → give --tag-rules too"],
])("refuses %j with %j", (rules, facts, message) => {
  const call = () => planImageTags({ ...nothing, commit, ...facts, tagRules: rules })
  expect(call).toThrow(message)
})

test.each([
  ["latest=yes", 'tagFlavor[0]: "latest=yes" is no setting'],
  ["latest=auto\nprefix=a,b", 'tagFlavor[1]: "prefix=a,b" is no setting'],
  ["suffix=a,onlatest=no", 'tagFlavor[0]: "suffix=a,onlatest=no" is no setting'],
  ["infix=a", 'tagFlavor[0]: "infix=a" is no setting'],
])("refuses the flavor %j", (flavor, message) => {
  expect(() => tags("type=sha", {}, flavor)).toThrow(message)
})

test("whatever the facts are: tags of Docker's grammar, or an error that names the rule", () => {
  const rules = `type=ref,event=branch\ntype=ref,event=tag\ntype=raw,value=a{{branch}}{{tag}}
    type=semver,pattern={{version}}\ntype=pep440,pattern={{raw}}\ntype=match,pattern=.+`
  const name = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^v?\d{1,3}\.\d\.\d(-[a-z.]{1,9})?(\+\S{1,9})?$/),
  )
  fc.assert(
    fc.property(name, name, (branch, gitTag) => {
      try {
        const planned = tags(rules, { branch, gitTag })
        for (const tag of planned) expect(tag).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/)
        expect(new Set(planned).size).toBe(planned.length)
      } catch (error) {
        expect((error as Error).message).toMatch(/^tagRules\[[0-5]\]: gives .* cannot be a tag\n/s)
      }
    }),
  )
})
