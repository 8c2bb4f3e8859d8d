import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import TandemMySQL
import Testing

@testable import HummingbirdTandemMySQL

private let a = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
private let key = Array("a key of thirty-two bytes, or so it must be".utf8)

@Suite("A sealed token")
struct SessionTokenSignerTests {
    private let token = MySQLSessionToken("3;\(a):23")
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test("opens with the same key, for as long as it lives")
    func opens() throws {
        let signer = try SessionTokenSigner(key: key, lifetime: .seconds(60))
        let sealed = signer.seal(try #require(token), now: now)
        #expect(sealed.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        #expect(try SessionTokenSigner(key: key).open(sealed, now: now + 59) == token)
        #expect(signer.open(sealed, now: now + 61) == nil)
    }

    @Test("does not open when anything about it was changed")
    func forged() throws {
        let signer = try SessionTokenSigner(key: key)
        let sealed = signer.seal(try #require(token), now: now)
        #expect(SessionTokenSigner().open(sealed, now: now) == nil)
        for index in sealed.indices {
            var forged = sealed
            forged.replaceSubrange(index...index, with: sealed[index] == "1" ? "2" : "1")
            // The last character of base64 has bits that count for nothing.
            if index != sealed.index(before: sealed.endIndex) {
                #expect(signer.open(forged, now: now) == nil, "\(forged)")
            }
        }
        for wrong in ["", ".", "..", sealed + ".", String(repeating: "x", count: 5000)] {
            #expect(signer.open(wrong, now: now) == nil)
        }
    }

    @Test("needs a key that cannot be guessed")
    func weak() throws {
        #expect(throws: SessionTokenSigner.InvalidKey.self) { try SessionTokenSigner(key: Array("short".utf8)) }
        #expect(throws: SessionTokenSigner.InvalidKey.self) { try SessionTokenSigner(environment: [:]) }
        _ = try SessionTokenSigner(environment: ["TANDEM_SESSION_KEY": String(repeating: "k", count: 32)])
    }
}

@Suite("The middleware")
struct MiddlewareTests {
    /// `/write` leaves a token behind, `/read` says which it sees.
    private func router(_ signer: SessionTokenSigner) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: MySQLSessionMiddleware(signer: signer))
        router.get("/write/:number") { _, context in
            let number = try context.parameters.require("number")
            if let token = MySQLSessionToken("1;\(a):\(number)") { MySQLSession.current?.observe(token) }
            return "written"
        }
        router.get("/read") { _, _ in MySQLSession.current?.token?.description ?? "nothing" }
        router.get("/fail") { _, _ -> String in
            if let token = MySQLSessionToken("1;\(a):9") { MySQLSession.current?.observe(token) }
            throw HTTPError(.conflict)
        }
        return router
    }

    @Test("carries what was written to the next request, in a cookie or in a header, across instances with one key")
    func carries() async throws {
        let signer = try SessionTokenSigner(key: key)
        try await Application(router: router(signer)).test(.router) { one in
            try await Application(router: router(try SessionTokenSigner(key: key))).test(.router) { two in
                let written = try await one.execute(uri: "/write/23", method: .get)
                let cookie = try #require(written.headers[.setCookie])
                for part in ["Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=120"] {
                    #expect(cookie.contains(part))
                }
                let pair = String(cookie.prefix { $0 != ";" })
                let header = try #require(written.headers[.tandemSession])
                for client in [one, two] {
                    let byCookie = try await client.execute(uri: "/read", method: .get, headers: [.cookie: pair])
                    #expect(String(buffer: byCookie.body) == "1;\(a):23")
                    // A read hands out nothing new.
                    #expect(byCookie.headers[.setCookie] == nil && byCookie.headers[.tandemSession] == nil)
                    let byHeader = try await client.execute(
                        uri: "/read", method: .get, headers: [.tandemSession: header])
                    #expect(String(buffer: byHeader.body) == "1;\(a):23")
                }
                let both = try await two.execute(
                    uri: "/write/30", method: .get, headers: [.cookie: pair, .tandemSession: header])
                let later = try #require(both.headers[.tandemSession])
                // Of two that are brought, the later counts.
                let merged = try await one.execute(
                    uri: "/read", method: .get, headers: [.cookie: pair, .tandemSession: later])
                #expect(String(buffer: merged.body) == "1;\(a):30")
            }
        }
    }

    @Test("takes nothing from strangers, and hands out what was written before an error")
    func strangers() async throws {
        try await Application(router: router(try SessionTokenSigner(key: key))).test(.router) { client in
            let forged = try await client.execute(
                uri: "/read", method: .get, headers: [.cookie: "tandem_session=x.y.z", .tandemSession: "1;\(a):99"])
            #expect(String(buffer: forged.body) == "nothing")
            let failed = try await client.execute(uri: "/fail", method: .get)
            #expect(failed.status == .conflict && failed.headers[.tandemSession] != nil)
        }
    }
}
