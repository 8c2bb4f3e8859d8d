import Testing

@testable import TandemStack

@Suite("Errors: Ports, counts, sizes and times")
struct QuantitiesErrorTests {
    @Test("are written with the largest unit that fits, none of them with the smallest")
    func written() {
        #expect([0, 1, 90, 120, 3600].map(Quantity.duration) == ["0s", "1s", "90s", "2m", "1h"])
        #expect([0, 1024, 5 << 20, 1].map(Quantity.size) == ["0k", "1kb", "5mb", "1"])
    }

    @Test("Every problem is told in its place", arguments: quantitiesErrors)
    func errorsAreTold(golden: Golden) {
        #expect(errors(golden.input + "\n") == golden.output)
    }
}

private let quantitiesErrors = [
    Golden(
        "Ports",
        #"""
        stack: shop
        app: {run: x}
        balancer: {http_port: 0, https_port: 65536}
        """#,
        #"""
        tandem.yaml:3:23: error: balancer.http_port: expected a port, 1 to 65535, found the number '0'
        tandem.yaml:3:38: error: balancer.https_port: expected a port, 1 to 65535, found the number '65536'
        """#),
    Golden(
        "Ports that are no numbers",
        #"""
        stack: shop
        app: {run: x}
        balancer: {http_port: http, https_port: 0443}
        """#,
        #"""
        tandem.yaml:3:23: error: balancer.http_port: expected a port, 1 to 65535, found 'http'
        tandem.yaml:3:41: error: balancer.https_port: expected a port, 1 to 65535, found the number '0443'
        """#),
    Golden(
        "A port of Tandem's own",
        #"""
        stack: shop
        app: {run: x}
        balancer: {http_port: 8404, https_port: 4443}
        """#,
        #"""
        tandem.yaml:3:23: error: balancer.http_port: port 8404 is used by HAProxy's metrics; expected another port
        tandem.yaml:3:41: error: balancer.https_port: port 4443 is used by nginx; expected another port
        """#),
    Golden(
        "A port of one of the app's instances",
        #"""
        stack: shop
        app: {run: x, instances: 3}
        balancer: {http_port: 3002}
        """#,
        #"""
        tandem.yaml:3:23: error: balancer.http_port: port 3002 is used by instance 3 of the app; expected another port
        """#),
    Golden(
        "The same port twice",
        #"""
        stack: shop
        app: {run: x}
        balancer: {http_port: 9443, https_port: 9443}
        """#,
        #"""
        tandem.yaml:3:41: error: balancer.https_port: port 9443 is balancer.http_port already; expected another port
        """#),
    Golden(
        "The other port's default",
        #"""
        stack: shop
        app: {run: x}
        balancer: {http_port: 8443}
        """#,
        #"""
        tandem.yaml:3:23: error: balancer.http_port: port 8443 is balancer.https_port already; expected another port
        """#),
    Golden(
        "An algorithm",
        #"""
        stack: shop
        app: {run: x}
        balancer: {algorithm: least_conn, max_connections: 5}
        """#,
        #"""
        tandem.yaml:3:23: error: balancer.algorithm: expected one of roundrobin, leastconn, source, found 'least_conn'; did you mean 'leastconn'?
        tandem.yaml:3:52: error: balancer.max_connections: expected a whole number, 10 to 1000000, found the number '5'
        """#),
    Golden(
        "Sizes",
        #"""
        stack: shop
        app: {run: x}
        web: {body_limit: 32}
        """#,
        #"""
        tandem.yaml:3:19: error: web.body_limit: expected a size such as 32mb (kb, mb or gb), 1kb to 10gb, found the number '32'; did you mean '32mb'?
        """#),
    Golden(
        "Sizes out of range",
        #"""
        stack: shop
        app: {run: x}
        web: {body_limit: 11gb}
        """#,
        #"""
        tandem.yaml:3:19: error: web.body_limit: expected a size such as 32mb (kb, mb or gb), 1kb to 10gb, found '11gb'
        """#),
    Golden(
        "Nothing is suggested that would be refused too",
        #"""
        stack: shop
        app: {run: x, timeouts: {start: 0}}
        web: {body_limit: 0}
        """#,
        #"""
        tandem.yaml:2:33: error: app.timeouts.start: expected a time such as 30s (s, m or h), 1s to 1h, found the number '0'
        tandem.yaml:3:19: error: web.body_limit: expected a size such as 32mb (kb, mb or gb), 1kb to 10gb, found the number '0'
        """#),
    Golden(
        "Times",
        #"""
        stack: shop
        app:
          run: x
          timeouts: {start: 30, request: 1.5s, stop: 1h}
        """#,
        #"""
        tandem.yaml:4:21: error: app.timeouts.start: expected a time such as 30s (s, m or h), 1s to 1h, found the number '30'; did you mean '30s'?
        tandem.yaml:4:34: error: app.timeouts.request: expected a time such as 30s (s, m or h), 1s to 1h, found '1.5s'
        tandem.yaml:4:46: error: app.timeouts.stop: expected a time such as 30s (s, m or h), 1s to 10m, found '1h'
        """#),
    Golden(
        "Instances",
        #"""
        stack: shop
        app: {run: x, instances: 0}
        """#,
        #"""
        tandem.yaml:2:26: error: app.instances: expected a whole number, 1 to 306, found the number '0'
        """#),
    Golden(
        "More instances than ports",
        #"""
        stack: shop
        app: {run: x, instances: 307}
        """#,
        #"""
        tandem.yaml:2:26: error: app.instances: expected a whole number, 1 to 306, found the number '307'
        """#),
]
