// The gateways, and whether they still bring something.

import type { GatewaysAnswer } from "../api";
import { useFetched } from "../fetched";
import { age, count } from "../format";
import { Notice, Table } from "../parts/basics";

export function Gateways() {
  const { answer, absent, error } = useFetched<GatewaysAnswer>("/api/v1/gateways", 3000);
  return (
    <>
      <div class="section-head"><h2>Gateways</h2></div>
      {absent && <Notice kind="soft">This process does not know gateways.</Notice>}
      {error && !absent && <Notice kind="bad">{error}</Notice>}
      {answer && answer.gateways.length === 0 && <p class="soft">None yet.</p>}
      {answer && answer.gateways.length > 0 && (
        <Table label="gateways" head={["gateway", "last readings", "readings", "devices"]}>
          {answer.gateways.map(g => (
            <tr key={g.id}>
              <th scope="row" class="text">{g.name ?? `gateway ${g.id}`} {g.name && <span class="soft">id {g.id}</span>}</th>
              <td>{g.last === undefined ? "never" : `${age(answer.now - g.last)} ago`}</td>
              <td>{count(g.readings ?? 0)}</td>
              <td>{count(g.devices ?? 0)}</td>
            </tr>
          ))}
        </Table>
      )}
      <p class="soft">Counted since this process started.</p>
    </>
  );
}
