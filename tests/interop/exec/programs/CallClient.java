// Places a call with Apache's HTTP client, made as Vonage's library makes it, and reads it back.
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.client.methods.HttpUriRequest;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.StringEntity;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClientBuilder;
import org.apache.http.impl.conn.PoolingHttpClientConnectionManager;
import org.apache.http.util.EntityUtils;

public class CallClient {
    static final String PLACE = "https://api.nexmo.com/v1/calls";

    static String send(CloseableHttpClient client, HttpUriRequest request) throws Exception {
        request.setHeader("Authorization", "Bearer " + System.getenv("VONAGE_JWT"));
        return EntityUtils.toString(client.execute(request).getEntity());
    }

    public static void main(String[] arguments) throws Exception {
        HttpPost post = new HttpPost(PLACE);
        post.setEntity(new StringEntity(
            "{\"to\": [{\"type\": \"phone\", \"number\": \"" + arguments[1] + "\"}], "
                + "\"from\": {\"type\": \"phone\", \"number\": \"" + System.getenv("VONAGE_NUMBER") + "\"}, "
                + "\"ncco\": " + System.getenv("NCCO") + "}", ContentType.APPLICATION_JSON));
        try (CloseableHttpClient client = HttpClientBuilder.create()
                .setConnectionManager(new PoolingHttpClientConnectionManager())
                .useSystemProperties().build()) {
            String made = send(client, post);
            Matcher uuid = Pattern.compile("\"uuid\":\\s*\"([0-9a-f-]{36})\"").matcher(made);
            if (!uuid.find()) {
                throw new IllegalStateException(made);
            }
            System.out.println(send(client, new HttpGet(PLACE + "/" + uuid.group(1))));
        }
    }
}
