import Testing

@Suite("Errors: Text that is not a stack file")
struct SyntaxErrorTests {
    @Test("Every problem is told in its place", arguments: syntaxErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }
}

private let syntaxErrors = [
    Golden(
        "An empty file",
        #"""

        """#,
        #"""
        tandem.yaml:1:1: error: the file is empty; the smallest one holds 'stack: NAME', 'app:' and under it 'run: COMMAND'
        """#),
    Golden(
        "A file of comments",
        #"""
        # stack: shop
        """#,
        #"""
        tandem.yaml:1:1: error: the file is empty; the smallest one holds 'stack: NAME', 'app:' and under it 'run: COMMAND'
        """#),
    Golden(
        "A list at the top",
        #"""
        - stack: shop
        """#,
        #"""
        tandem.yaml:1:1: error: expected a map with stack and app at the top level, found a list
        """#),
    Golden(
        "A word at the top",
        #"""
        shop
        """#,
        #"""
        tandem.yaml:1:1: error: expected a map with stack and app at the top level, found 'shop'
        """#),
    Golden(
        "Two documents",
        #"""
        stack: shop
        ---
        app: {run: x}
        """#,
        #"""
        tandem.yaml:2:1: error: expected one YAML document, found another
        """#),
    Golden(
        "A tab",
        #"""
        stack: shop
        app:
        	run: x
        """#,
        #"""
        tandem.yaml:3:1: error: not YAML: found character that cannot start any token; YAML is indented by spaces, never by tabs
        """#),
    Golden(
        "A colon in a value",
        #"""
        stack: shop
        app:
          run: echo: x
        """#,
        #"""
        tandem.yaml:3:12: error: not YAML: mapping values are not allowed in this context; put quotes around text that holds ': '
        """#),
    Golden(
        "A quote that is never closed",
        #"""
        stack: shop
        app:
          run: "x
        """#,
        #"""
        tandem.yaml:4:1: error: not YAML: found unexpected end of stream, while scanning a quoted scalar that begins in line 3
        """#),
    Golden(
        "A reserved character",
        #"""
        stack: @shop
        app: {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: not YAML: found character that cannot start any token; put quotes around text that begins with '@'
        """#),
    Golden(
        "An alias and an anchor",
        #"""
        stack: &name shop
        database: {name: *name}
        app: {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: anchors are not allowed (found '&name'); write the value out
        tandem.yaml:2:18: error: aliases are not allowed (found '*name'); write the value out, or put quotes around it if it is text
        """#),
    Golden(
        "A merge key",
        #"""
        stack: shop
        app:
          <<: *base
          run: x
        """#,
        #"""
        tandem.yaml:3:3: error: unknown key '<<' in app; expected one of run, prepare, build, files, health, instances, workers, jobs, stop_signal, env, secrets, timeouts
        tandem.yaml:3:7: error: aliases are not allowed (found '*base'); write the value out, or put quotes around it if it is text
        """#),
    Golden(
        "A tag",
        #"""
        stack: !!int shop
        app: !env {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: tags are not allowed (found '!!int'); write the value alone
        tandem.yaml:2:6: error: tags are not allowed (found '!env'); write the value alone
        """#),
    Golden(
        "A key that is no word",
        #"""
        stack: shop
        app: {run: x}
        ? [a, b]
        : c
        """#,
        #"""
        tandem.yaml:3:3: error: a key must be a word; found a list
        """#),
    Golden(
        "Keys that are there twice, in several places",
        #"""
        stack: shop
        app:
          run: x
          health: /up
          run: y
          run: z
          env: {A: 1, "A": 2}
        stack: shop2
        """#,
        #"""
        tandem.yaml:5:3: error: the key 'run' is here twice; first in line 3
        tandem.yaml:6:3: error: the key 'run' is here twice; first in line 3
        tandem.yaml:7:15: error: the key 'A' is here twice; first in line 7
        tandem.yaml:8:1: error: the key 'stack' is here twice; first in line 1
        """#),
    Golden(
        "Columns count characters, not bytes",
        #"""
        stack: shop
        app: {run: "größe 😀", helth: /up}
        """#,
        #"""
        tandem.yaml:2:23: error: unknown key 'helth' in app; did you mean 'health'?
        """#),
]
