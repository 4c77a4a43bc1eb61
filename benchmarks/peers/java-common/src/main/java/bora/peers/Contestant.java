package bora.peers;

import java.util.List;

/**
 * What a system can be asked for. The first of each is the default.
 *
 * @param name as in the folder's name
 * @param version of the system, not of this program
 */
public record Contestant(
    String name,
    String version,
    List<String> graphs,
    List<String> guarantees,
    List<String> variants) {}
