<?php
// Places a call with one of PHP's HTTP clients, as their manual shows them, and reads it back.

const PLACE = 'https://api.nexmo.com/v1/calls';
[, $kind, $number] = $argv;
$headers = ['Authorization: Bearer ' . getenv('VONAGE_JWT'), 'Content-Type: application/json'];
$body = json_encode([
    'to' => [['type' => 'phone', 'number' => $number]],
    'from' => ['type' => 'phone', 'number' => getenv('VONAGE_NUMBER')],
    'ncco' => json_decode(getenv('NCCO')),
]);

function with_curl(string $url, array $headers, ?string $body): string
{
    $request = curl_init($url);
    curl_setopt_array($request, [CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => $headers]);
    if ($body !== null) {
        curl_setopt($request, CURLOPT_POSTFIELDS, $body);
    }
    $answer = curl_exec($request);
    if ($answer === false) {
        throw new RuntimeException(curl_error($request));
    }
    return $answer;
}

// Streams heed no variable; a program that is to run behind proxies hands the variable on.
function with_stream(string $url, array $headers, ?string $body): string
{
    $options = [
        'method' => $body === null ? 'GET' : 'POST',
        'header' => $headers,
        'proxy' => str_replace('http://', 'tcp://', getenv('https_proxy')),
    ];
    if ($body !== null) {
        $options['content'] = $body;
    }
    $answer = file_get_contents($url, false, stream_context_create(['http' => $options]));
    if ($answer === false) {
        throw new RuntimeException('no answer');
    }
    return $answer;
}

$send = "with_$kind";
$made = json_decode($send(PLACE, $headers, $body), true, 512, JSON_THROW_ON_ERROR);
echo $send(PLACE . '/' . $made['uuid'], $headers, null), "\n";
