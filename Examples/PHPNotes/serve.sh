# PHP's own server, with four processes. On SIGTERM it would end in the middle of a request; on SIGINT it finishes it.
php schema.php || exit 1
trap 'trap "" INT; kill -INT 0' TERM
PHP_CLI_SERVER_WORKERS=4 env --ignore-signal=TERM --default-signal=INT php -q -S "$HOST:$PORT" index.php &
# The first `wait` is cut short by the signal.
wait
wait
