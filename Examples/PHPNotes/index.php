<?php
// Notes. GET /notes lists the newest, POST /notes adds the request's body, GET /notes/ID reads one, GET /health says whether
// we can serve.
declare(strict_types=1);

require __DIR__ . '/database.php';

const BODY_LIMIT_BYTES = 64 * 1024;

function answer(int $status, array $content): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('X-Served-By: ' . getenv('TANDEM_HOST'));
    echo json_encode($content, JSON_THROW_ON_ERROR), "\n";
}

function respond(string $method, string $path): void
{
    if ($method === 'POST' && $path === '/notes') {
        $body = file_get_contents('php://input', false, null, 0, BODY_LIMIT_BYTES + 1);
        if (strlen($body) > BODY_LIMIT_BYTES || !preg_match('//u', $body)) {
            answer(400, ['error' => 'a note is text in UTF-8, of at most ' . BODY_LIMIT_BYTES . ' bytes']);
            return;
        }
        $writes = database('DATABASE_URL');
        $writes->prepare('INSERT INTO note (body) VALUES (?)')->execute([$body]);
        answer(201, ['id' => (int) $writes->lastInsertId(), 'body' => $body]);
    } elseif ($method !== 'GET') {
        answer(405, ['error' => 'GET, or POST /notes']);
    } elseif ($path === '/health') {
        database('DATABASE_READ_URL')->query('SELECT 1');
        answer(200, ['ok' => true]);
    } elseif ($path === '/notes') {
        $notes = database('DATABASE_READ_URL')->query('SELECT id, body FROM note ORDER BY id DESC LIMIT 50');
        answer(200, $notes->fetchAll(PDO::FETCH_ASSOC));
    } elseif (preg_match('#^/notes/(\d{1,18})$#', $path, $match)) {
        // The primary knows a note at once; DATABASE_READ_URL may hear of it a moment later.
        $note = database('DATABASE_URL')->prepare('SELECT id, body FROM note WHERE id = ?');
        $note->execute([$match[1]]);
        $row = $note->fetch(PDO::FETCH_ASSOC);
        $row ? answer(200, $row) : answer(404, ['error' => 'no such note']);
    } else {
        answer(404, ['error' => 'no such page']);
    }
}

try {
    respond($_SERVER['REQUEST_METHOD'], parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '/');
} catch (PDOException $error) {
    error_log("database: {$error->getMessage()}");
    answer(503, ['error' => 'the database does not answer']);
}
