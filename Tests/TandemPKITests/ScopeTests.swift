import Foundation
import TandemPKI
import Testing

@Suite("An authority that signs for one stack alone")
struct ScopeTests {
    private func issued(_ bench: Bench, names: [String] = [], addresses: [String] = []) throws -> IssuedCertificate {
        try bench.authority.issue(
            CertificateRequest(
                CertificateIdentity(stack: "shop", kind: .front, host: "lb1"), commonName: "x", names: names,
                addresses: addresses), now: bench.now)
    }

    @Test("is believed for the stack's names and addresses, single words and subdomains among them")
    func inside() throws {
        let bench = try Bench()
        let names = ["server1", "localhost", "shop.localhost", "shop.example", "www.shop.example", "a.b.shop.internal"]
        for name in names {
            #expect(try bench.verifies(issued(bench, names: [name]), ["-verify_hostname", name]), "\(name)")
        }
        #expect(try bench.verifies(issued(bench, addresses: ["127.9.9.9"]), ["-verify_ip", "127.9.9.9"]))
        // No name of either kind.
        #expect(try bench.verifies(issued(bench)))
    }

    @Test(
        "is not believed for anybody else's, also by whoever has its key",
        arguments: [
            "bank.example", "example", "hop.example", "shopXexample", "server2", "internal", "other.internal",
        ])
    func outside(_ name: String) throws {
        let bench = try Bench()
        #expect(try !bench.verifies(issued(bench, names: [name]), ["-verify_hostname", name]))
        let among = try issued(bench, names: ["localhost", name])
        #expect(try !bench.verifies(among, ["-verify_hostname", "localhost"]))
        // Neither of the authority's two certificates.
        #expect(try !bench.openssl(["verify", "-CAfile", "inner-ca.pem", "cert.pem"]).isFine)
        #expect(try !bench.openssl(["verify", "-CAfile", "ca.pem", "cert.pem"]).isFine)
    }

    @Test("is not believed for other addresses", arguments: ["128.0.0.1", "10.0.0.1", "::1", "2001:db8::1"])
    func otherAddresses(_ address: String) throws {
        let bench = try Bench()
        #expect(try !bench.verifies(issued(bench, addresses: [address]), ["-verify_ip", address]))
    }

    @Test("knows what it was made for, whatever the order and however often it is said")
    func limited() throws {
        let bench = try Bench()
        #expect(bench.authority.isLimited(to: .sample))
        let again = CertificateScope(
            domains: ["server1", "www.shop.example", "shop.example", "localhost", "x.localhost", "shop.internal"],
            networks: [
                CertificateScope.network("127.1.2.3", 32), CertificateScope.network("fd00::", 16),
                CertificateScope.network("127.0.0.0", 8),
            ])
        #expect(bench.authority.isLimited(to: again))
        for other in [
            CertificateScope(domains: ["localhost"], networks: CertificateScope.sample.networks),
            CertificateScope(
                domains: CertificateScope.sample.domains + ["new.example"], networks: CertificateScope.sample.networks),
        ] {
            #expect(!bench.authority.isLimited(to: other))
        }
    }

    @Test("keeps the certificate that browsers trust while its names and addresses are the same")
    func anchor() throws {
        let bench = try Bench()
        let first = try bench.authority.anchor(scope: .sample, last: nil, now: bench.now)
        #expect(try bench.authority.anchor(scope: .sample, last: first, now: bench.now) == first)
        let narrow = CertificateScope(domains: CertificateScope.sample.domains, networks: [])
        #expect(try bench.authority.anchor(scope: narrow, last: first, now: bench.now) != first)
        let other = try Bench()
        let others = try other.authority.anchor(scope: .sample, last: nil, now: bench.now)
        #expect(try bench.authority.anchor(scope: .sample, last: others, now: bench.now) != others)
    }

    @Test("is believed by whoever trusts an earlier certificate of it, until it signs for more than that one says")
    func believed() throws {
        let bench = try Bench()
        let sample = CertificateScope.sample
        let anchor = try bench.authority.anchor(scope: sample, last: nil, now: bench.now)
        #expect(bench.authority.isBelieved(by: anchor, for: sample))
        let fewer = CertificateScope(domains: sample.domains, networks: Array(sample.networks.prefix(1)))
        #expect(bench.authority.isBelieved(by: anchor, for: fewer))
        let more = CertificateScope(domains: sample.domains, networks: sample.networks + [try .init("192.168.1.20")])
        #expect(!bench.authority.isBelieved(by: anchor, for: more))
        #expect(!(try Bench().authority.isBelieved(by: anchor, for: sample)), "another one of the same name")
        #expect(!bench.authority.isBelieved(by: "no certificate", for: sample))
    }

    @Test("is another one than earlier versions made, which could sign for any site")
    func unlimited() throws {
        let bench = try Bench()
        let made = try bench.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "old-key.pem",
            "-out", "old.pem", "-subj", "/O=Tandem/CN=Tandem CA of the stack shop", "-days", "9",
        ])
        try #require(made.isFine, "\(made.output)")
        let old = try CertificateAuthority(
            certificatePEM: String(contentsOfFile: "\(bench.folder)/old.pem", encoding: .utf8),
            keyPEM: String(contentsOfFile: "\(bench.folder)/old-key.pem", encoding: .utf8))
        #expect(!old.isLimited(to: .sample))
    }

    @Test("root trusts an authority only where it is bound to names and to addresses of this machine")
    func local() throws {
        let now = Date()
        let scope = CertificateScope(
            domains: ["localhost", "shop.internal"], networks: [try .init("127.0.0.0", prefix: 8), try .init("::1")])
        let authority = try CertificateAuthority(stack: "shop", scope: scope, now: now)
        let anchor = try authority.anchor(scope: scope, last: nil, now: now)
        let names = try #require(AuthorityNames(certificatePEM: anchor))
        #expect(names.domains == ["localhost", "shop.internal"] && names.addresses.isEmpty)
        // Without a bound on addresses it could pose as any address.
        #expect(AuthorityNames(certificatePEM: try authority.certificatePEM) == nil)
        let wide = CertificateScope(domains: ["localhost"], networks: [try .init("10.0.0.0", prefix: 8)])
        #expect(AuthorityNames(certificatePEM: try authority.anchor(scope: wide, last: nil, now: now)) == nil)
        #expect(AuthorityNames(certificatePEM: "no certificate") == nil)
        let single = CertificateScope(
            domains: ["localhost"], networks: [try .init("10.0.0.7"), try .init("fd00::a"), try .init("127.0.0.1")])
        let others = AuthorityNames(certificatePEM: try authority.anchor(scope: single, last: nil, now: now))
        #expect(others?.addresses == ["10.0.0.7", "fd00:0000:0000:0000:0000:0000:0000:000a"])
    }
}
