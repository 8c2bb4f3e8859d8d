<?php
declare(strict_types=1);

/** Opens what DATABASE_URL or DATABASE_READ_URL names, checking the server's certificate. */
function database(string $variable): PDO
{
    $url = parse_url(getenv($variable));
    parse_str($url['query'], $parameters);
    return new PDO(
        sprintf('mysql:host=%s;port=%d;dbname=%s;charset=utf8mb4', $url['host'], $url['port'], substr($url['path'], 1)),
        urldecode($url['user']),
        urldecode($url['pass']),
        [
            PDO::MYSQL_ATTR_SSL_CA => $parameters['ssl-ca'],
            PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => true,
            // Kept from request to request, and opened anew when it broke.
            PDO::ATTR_PERSISTENT => true,
            PDO::ATTR_TIMEOUT => 5,
            PDO::ATTR_EMULATE_PREPARES => false,
        ]
    );
}
