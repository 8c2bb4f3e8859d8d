import Testing

@testable import TandemStack

@Suite("Errors: The drill")
struct DrillErrorTests {
    @Test("Every problem is told in its place", arguments: drillErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }

    @Test("What is declared is what a drill is given, and nothing of it is applied")
    func values() throws {
        let stack = try load(
            smallest
                + """
                drill:
                  read: /notes?limit=5
                  write: /notes
                  body: '{"note": "{text}"}'
                  content_type: application/json
                  check: "/notes?offset={offset}"
                  check_step: 20
                  reread: "/notes/{text}"
                  budgets: {read_pause: 2s, write_pause: 1m, recovery: 30s, failed_writes: 4}
                """)
        #expect(stack.drill.read == "/notes?limit=5")
        #expect(
            stack.drill.write
                == Drill.Write(
                    path: "/notes", body: #"{"note": "{text}"}"#, contentType: "application/json",
                    reread: "/notes/{text}", check: "/notes?offset={offset}", checkStep: 20))
        #expect(
            stack.drill.budgets
                == Drill.Budgets(readPauseSeconds: 2, writePauseSeconds: 60, recoverySeconds: 30, failedWrites: 4))
        #expect(try load(smallest).drill == Drill())
    }
}

private let drillErrors = [
    Golden(
        "A write that could not be found again",
        #"""
        stack: shop
        app: {run: x}
        drill:
          write: /notes
          body: hello
          check: /notes
        """#,
        #"""
        tandem.yaml:5:9: error: drill.body: expected {text} in it, by which a write is found again, found 'hello'
        tandem.yaml:6:10: error: drill.check: expected either {text} or {offset} in it, found '/notes'
        """#),
    Golden(
        "A write without its check",
        #"""
        stack: shop
        app: {run: x}
        drill:
          write: /notes
          body: "{text}"
        """#,
        #"""
        tandem.yaml:3:1: error: drill.check is missing: a drill that writes wants write, body and check, such as 'check: "/notes?offset={offset}"'
        """#),
    Golden(
        "Paths, types and times",
        #"""
        stack: shop
        app: {run: x}
        drill:
          read: notes
          content_type: json
          budgets: {read_pause: 5, recover: 3s}
        """#,
        #"""
        tandem.yaml:4:9: error: drill.read: expected a path that begins with '/', with a query if need be, without blanks, found 'notes'
        tandem.yaml:5:17: error: drill.content_type: expected a media type such as application/json, found 'json'
        tandem.yaml:6:25: error: drill.budgets.read_pause: expected a time such as 30s (s, m or h), 1s to 1h, found the number '5'; did you mean '5s'?
        tandem.yaml:6:28: error: unknown key 'recover' in drill.budgets; did you mean 'recovery'?
        """#),
    Golden(
        "A word that is not filled in",
        #"""
        stack: shop
        app: {run: x}
        drill:
          read: "/notes/{text}"
        """#,
        #"""
        tandem.yaml:4:9: error: drill.read: expected a path that begins with '/', with a query if need be, without blanks, found '/notes/{text}'
        """#),
]
