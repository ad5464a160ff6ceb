import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementService;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/**
 * One throw-away Neo4j server for {@code scripts/neo4j}: {@code java -cp 'lib/*' Server.java HOME}.
 *
 * <p>Reads its configuration from {@code HOME/neo4j.conf} and gives user {@code neo4j} the password in the environment variable
 * {@code NEO4J_PASSWORD}. Once Bolt answers, {@code HOME/port} holds its port. When standard input ends, for whatever reason, the
 * process deletes HOME and ends at once: nobody wants the data any more, so nothing is shut down in order.
 */
public final class Server {
    public static void main(String[] arguments) {
        Path home = Path.of(arguments[0]);
        Thread watch = new Thread(() -> endWithInput(home), "end-with-input");
        watch.setDaemon(true);
        watch.start();
        try (Socket reserved = reservePort()) {
            SocketAddress address = new SocketAddress("127.0.0.1", reserved.getLocalPort());
            DatabaseManagementService service = new DatabaseManagementServiceBuilder(home)
                    .loadPropertiesFromFile(home.resolve("neo4j.conf"))
                    .setConfig(BoltConnector.enabled, true)
                    .setConfig(BoltConnector.listen_address, address)
                    .setConfig(BoltConnector.advertised_address, address)
                    .build();
            service.database("system").executeTransactionally(
                    "ALTER USER neo4j SET PASSWORD $password CHANGE NOT REQUIRED",
                    Map.of("password", System.getenv("NEO4J_PASSWORD")));
            requireBolt(address.getPort());
            Path ready = Files.writeString(home.resolve("port.new"), address.getPort() + "\n");
            Files.move(ready, home.resolve("port"));
        } catch (Throwable failure) {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1); // an orderly exit would wait for the threads of a half-started server
        }
    }

    /**
     * Has the operating system choose a free port and keeps others from it. The server can listen on it all the same, because
     * both sockets have SO_REUSEADDR and this one never listens. (Listening on port 0 would do without, but then the server would
     * not know which address to advertise.)
     */
    private static Socket reservePort() throws IOException {
        Socket socket = new Socket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
        return socket;
    }

    /** Speaks Bolt's handshake: of the four versions that a client may offer, the server answers with one. Here that is 4.4. */
    private static void requireBolt(int port) throws IOException {
        byte[] offer = new byte[20];
        System.arraycopy(new byte[] {0x60, 0x60, (byte) 0xb0, 0x17, 0, 0, 4, 4}, 0, offer, 0, 8);
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(offer);
            byte[] answer = socket.getInputStream().readNBytes(4);
            if (answer.length != 4 || answer[3] != 4) {
                throw new IOException("port " + port + " does not answer Bolt's handshake");
            }
        }
    }

    private static void endWithInput(Path home) {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException endsAsWell) {
            endsAsWell.printStackTrace();
        }
        // The server still runs and may add a file while the folder is being emptied: try again, but not for ever.
        for (int attempt = 0; attempt < 100 && Files.exists(home); attempt++) {
            try (var files = Files.walk(home)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException | UncheckedIOException triedAgain) {
                Thread.onSpinWait();
            }
        }
        Runtime.getRuntime().halt(0);
    }
}
