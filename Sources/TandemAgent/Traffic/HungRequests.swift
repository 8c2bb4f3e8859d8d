import NIOCore
import TandemServices
import TandemTopology

/// Requests that hang in a web server which HAProxy has marked down. A server that has vanished or was ended gives its
/// connections up by itself, and HAProxy repeats their GETs; one that is there and does nothing (all of a host frozen,
/// its agent too) would keep them until their time-out. HAProxy could end them the moment it marks a server down, and
/// would cut those that are just being connected, too.
enum HungRequests {
    /// In seconds; longer than HAProxy connects, and than both balancers take to notice, so that who asks again is
    /// answered.
    static let patience = 5
    private static let pause = Duration.seconds(2)

    /// Looks until the task is cancelled.
    static func endAll(of socket: String) async {
        while !Task.isCancelled {
            if let answer = try? await HAProxySocket.ask("show stat -1 4 -1", at: socket, patience: .milliseconds(500))
            {
                for server in servers(answer) {
                    _ = try? await HAProxySocket.ask(
                        "shutdown sessions server \(server)", at: socket, patience: .milliseconds(500))
                }
            }
            try? await Ticks.next(every: pause)
        }
    }

    /// The web servers that have been down for longer than the patience while requests are in them.
    /// - Parameter text: HAProxy's answer to `show stat` (management guide, 9.1): `lastchg` is in seconds.
    /// - Returns: each as `SECTION/SERVER`.
    static func servers(_ text: String) -> [String] {
        HAProxyStatistics.rows(text).compactMap { row in
            guard let section = row["pxname"], TrafficCounters.webSections.contains(String(section)),
                let server = row["svname"],
                server != "BACKEND",
                row["status"]?.hasPrefix("DOWN") == true, let since = row["lastchg"].flatMap({ Int($0) }),
                since > patience, let sessions = row["scur"].flatMap({ Int($0) }), sessions > 0
            else { return nil }
            return "\(section)/\(server)"
        }
    }
}
