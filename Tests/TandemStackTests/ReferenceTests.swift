import Testing

@testable import TandemStack

@Suite("The reference of the stack file")
struct ReferenceTests {
    @Test("It is a valid stack file itself")
    func isValid() throws {
        let stack = try load(try Reference.text())
        #expect(stack.name == "shop")
        #expect(
            stack.app.secrets == [
                "SESSION_KEY": .environment("SHOP_SESSION_KEY"), "MAIL_PASSWORD": .file("/srv/shop/secrets/mail"),
            ])
    }
}
