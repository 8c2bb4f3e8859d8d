import Testing

@Suite("Errors: Names, paths and commands")
struct WordsErrorTests {
    @Test("Every problem is told in its place", arguments: wordsErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }
}

private let wordsErrors = [
    Golden(
        "The stack's name",
        #"""
        stack: My_Shop
        app: {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: stack: expected a name of 1 to 32 lower-case letters, digits and hyphens that begins with a letter, found 'My_Shop'; did you mean 'my-shop'?
        """#),
    Golden(
        "A name that YAML may take for a boolean",
        #"""
        stack: on
        app: {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: stack: expected a name of 1 to 32 lower-case letters, digits and hyphens that begins with a letter, found the boolean 'on'; if it is meant as text, put quotes around it
        """#),
    Golden(
        "A number for a name",
        #"""
        stack: 2048
        app: {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: stack: expected a name of 1 to 32 lower-case letters, digits and hyphens that begins with a letter, found the number '2048'
        """#),
    Golden(
        "A name of 33 letters",
        #"""
        stack: abcdefghijklmnopqrstuvwxyzabcdefg
        app: {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: stack: expected a name of 1 to 32 lower-case letters, digits and hyphens that begins with a letter, found 'abcdefghijklmnopqrstuvwxyzabcdefg'; did you mean 'abcdefghijklmnopqrstuvwxyzabcdef'?
        """#),
    Golden(
        "A name that ends in a line break",
        #"""
        stack: "shop\n"
        app: {run: x}
        """#,
        #"""
        tandem.yaml:1:8: error: stack: expected a name of 1 to 32 lower-case letters, digits and hyphens that begins with a letter, found 'shop\n'
        """#),
    Golden(
        "A domain that is the stack's own",
        #"""
        stack: shop
        domain: client.shop.tandem.internal
        app: {run: x}
        """#,
        #"""
        tandem.yaml:2:9: error: domain: names under 'shop.tandem.internal' are those by which the parts of this stack know each other; choose the name that users type into a browser, such as shop.example.com
        """#),
    Golden(
        "A domain with a scheme",
        #"""
        stack: shop
        domain: https://Shop.Example.com/
        app: {run: x}
        """#,
        #"""
        tandem.yaml:2:9: error: domain: expected a domain name such as shop.example.com, in lower case, found 'https://Shop.Example.com/'; did you mean 'shop.example.com'?
        """#),
    Golden(
        "A domain that is an address",
        #"""
        stack: shop
        domain: 10.0.0.1
        app: {run: x}
        """#,
        #"""
        tandem.yaml:2:9: error: domain: expected a domain name such as shop.example.com, in lower case, found '10.0.0.1'
        """#),
    Golden(
        "A domain with more than a name in it",
        #"""
        stack: shop
        domain: "a.example.com; return 200"
        app: {run: x}
        """#,
        #"""
        tandem.yaml:2:9: error: domain: expected a domain name such as shop.example.com, in lower case, found 'a.example.com; return 200'
        """#),
    Golden(
        "A health path",
        #"""
        stack: shop
        app: {run: x, health: up}
        """#,
        #"""
        tandem.yaml:2:23: error: app.health: expected a path that begins with '/', of letters, digits and -._~/:@+,=, found 'up'; did you mean '/up'?
        """#),
    Golden(
        "A health path with a query",
        #"""
        stack: shop
        app: {run: x, health: "/up?full=1"}
        """#,
        #"""
        tandem.yaml:2:23: error: app.health: expected a path that begins with '/', of letters, digits and -._~/:@+,=, found '/up?full=1'; did you mean '/up'?
        """#),
    Golden(
        "A health path that is no path",
        #"""
        stack: shop
        app: {run: x, health: "/up\r\nHost: x"}
        """#,
        #"""
        tandem.yaml:2:23: error: app.health: expected a path that begins with '/', of letters, digits and -._~/:@+,=, found '/up\u{d}\nHost: x'
        """#),
    Golden(
        "A health path that leads elsewhere",
        #"""
        stack: shop
        app: {run: x, health: /a/../b}
        """#,
        #"""
        tandem.yaml:2:23: error: app.health: expected a path that begins with '/', of letters, digits and -._~/:@+,=, found '/a/../b'
        """#),
    Golden(
        "Nothing to run",
        #"""
        stack: shop
        app:
          run:
        """#,
        #"""
        tandem.yaml:3:3: error: app.run: expected a command line, found nothing
        """#),
    Golden(
        "Blanks to run",
        #"""
        stack: shop
        app: {run: "  "}
        """#,
        #"""
        tandem.yaml:2:12: error: app.run: expected a command line, found nothing but blanks
        """#),
    Golden(
        "NUL",
        #"""
        stack: shop
        app: {run: "x\0", env: {A: "a\0b"}}
        """#,
        #"""
        tandem.yaml:2:12: error: app.run: expected text without NUL characters, which no process can be given
        tandem.yaml:2:28: error: app.env.A: expected text without NUL characters, which no process can be given
        """#),
]
