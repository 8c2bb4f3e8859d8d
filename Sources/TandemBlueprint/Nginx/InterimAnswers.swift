/// Interim answers of an app (103 Early Hints, and 100 or 102 that nobody asked for), which come before its answer.
///
/// nginx before 1.29 takes the first one for the answer, of a body that ends with the app's connection, and what
/// follows, the answer among it, for that body. It passes all of it on as it comes, so the balancer, which knows
/// interim answers, reads it as it was meant. But nginx is not done then: a request of somebody else's that the
/// balancer sent on this connection would wait until the app closes its own, or be answered with what the app says
/// beyond its answer. So nginx says that the connection is at its end.
enum InterimAnswers {
    static let map = """
        # Interim answers (103 Early Hints) pass as the beginning of what they are taken for; the rest follows, and nginx does
        # not see where it ends.
        map $upstream_status $tandem_after_interim {
            default "";
            "~1(?:0[02-9]|[1-9][0-9])$" close;
        }
        """

    /// Stands wherever answers of the app are given other headers, because those replace the ones further out.
    static let header = "add_header Connection $tandem_after_interim always;"
}
