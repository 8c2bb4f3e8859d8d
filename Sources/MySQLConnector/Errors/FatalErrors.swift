extension MySQLError {
    /// After one of these the session is of no more use, or its server no longer takes writes, so that a pool must dial
    /// again: perhaps it reaches the new primary then.
    ///
    /// 1053 shutdown in progress, 1152 and 1184 aborted connection, 1153 packet too large, 1290 a server option forbids
    /// it (read only), 1317 and 1927 killed, 1792 read-only transaction, 1836 read-only mode, 3032 offline mode, 3100
    /// group replication refused, 3169 session killed, 4031 idle too long.
    private static let fatalServerErrors: Set<Int> = [
        1053, 1152, 1153, 1184, 1290, 1317, 1792, 1836, 1927, 3032, 3100, 3169, 4031,
    ]

    /// Connector/C: 2006 and 2013 lost, 2012 and 2014 out of step, 2020 packet too large, 2026 TLS, 2027 malformed
    /// packet, 2055 lost.
    private static let brokenLinkErrors: Set<Int> = [2001, 2002, 2003, 2006, 2012, 2013, 2014, 2020, 2026, 2027, 2055]

    /// KILL QUERY came.
    static let queryInterrupted = 1317

    var breaksLink: Bool {
        if [Code.connectionClosed, .queryTimeout, .resultTooLarge].contains(code) { return true }
        return serverErrorNumber.map(Self.brokenLinkErrors.contains) ?? false
    }

    var endsSession: Bool { breaksLink || (serverErrorNumber.map(Self.fatalServerErrors.contains) ?? false) }
}
