import TandemStack
import Testing

@Suite("A problem that turns up later")
struct KeyPlaceTests {
    private static let text = """
        stack: shop
        app:
          run: ./shop serve
        database:
          settings:
            max-connections: 100
        """

    @Test(
        "points at its key, or at the nearest one above it that the file has",
        arguments: [
            (["database", "settings", "max_connections"], "tandem.yaml:6:5: error: no"),
            (["database", "settings", "other"], "tandem.yaml:5:3: error: no"),
            (["database", "name"], "tandem.yaml:4:1: error: no"), (["app", "run"], "tandem.yaml:3:3: error: no"),
        ])
    func place(_ path: [String], _ expected: String) {
        let file = StackFile(text: Self.text, name: "tandem.yaml", folder: "/srv")
        #expect(file.diagnostic("no", at: path)?.description == expected)
    }

    @Test("has no place where the file says nothing of it")
    func none() {
        let file = StackFile(text: Self.text, name: "tandem.yaml", folder: "/srv")
        #expect(file.diagnostic("no", at: ["hosts", "lb1"]) == nil)
        #expect(file.diagnostic("no", at: []) == nil)
    }
}

@Suite("The name of a stack whose file is wrong")
struct DeclaredNameTests {
    @Test(
        "is what stands behind `stack:`, if that can be a name",
        arguments: [
            ("stack: shop\nhosts: [", "shop"), ("# mine\nstack:  'shop' # the shop\n\t", "shop"),
            ("stack: \"shop\"", "shop"), ("stack:shop", "shop"), ("stack:", nil), ("stack: a b", "a"),
            ("stack: ../etc", nil), ("  stack: shop", nil), ("", nil),
        ] as [(String, String?)])
    func name(_ text: String, _ name: String?) {
        #expect(StackFile(text: text, name: "tandem.yaml", folder: "/srv").declaredName == name)
    }
}
