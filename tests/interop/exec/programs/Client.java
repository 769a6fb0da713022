// Makes an application at Vonage with one of Java's HTTP clients, as their first pages show them.
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public class Client {
    static final String PLACE = "https://api.nexmo.com/v2/applications";

    public static void main(String[] arguments) throws Exception {
        String body = "{\"name\": \"" + arguments[1] + "\"}";
        String key = System.getenv("VONAGE_API_KEY") + ":" + System.getenv("VONAGE_API_SECRET");
        String basic = "Basic " + Base64.getEncoder().encodeToString(key.getBytes("US-ASCII"));
        String answer = arguments[0].equals("http") ? withHttp(body, basic) : withUrl(body, basic);
        Matcher id = Pattern.compile("\"id\":\\s*\"([0-9a-f-]{36})\"").matcher(answer);
        System.out.println(id.find() ? id.group(1) : answer);
    }

    static String withHttp(String body, String basic) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(PLACE))
            .header("Authorization", basic).header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    static String withUrl(String body, String basic) throws Exception {
        HttpURLConnection made = (HttpURLConnection) new URL(PLACE).openConnection();
        made.setRequestMethod("POST");
        made.setRequestProperty("Authorization", basic);
        made.setRequestProperty("Content-Type", "application/json");
        made.setDoOutput(true);
        made.getOutputStream().write(body.getBytes("UTF-8"));
        return new String(made.getInputStream().readAllBytes(), "UTF-8");
    }
}
