// Reads what a peer connection says about itself.

/**
 * `{path: 'direct' | 'relay' | null, framesDecoded, report}`, where report
 * holds the fields of `connection:quality` that are known. `before` is the
 * earlier result, for the bit rate between the two.
 */
export async function readQuality(peer, before) {
  const stats = await peer.getStats();
  const pair = selectedPair(stats);
  const ends = [stats.get(pair?.localCandidateId), stats.get(pair?.remoteCandidateId)];
  const relayed = ends.some((end) => end?.candidateType === 'relay');
  const inbound = [...stats.values()].filter((entry) => entry.type === 'inbound-rtp');
  const sum = (field) => inbound.reduce((total, entry) => total + (entry[field] ?? 0), 0);
  const bytes = sum('bytesReceived');
  const at = performance.now();
  const report = {};
  if (pair?.currentRoundTripTime !== undefined) report.rtt_ms = Math.round(pair.currentRoundTripTime * 1000);
  const audio = inbound.find((entry) => entry.kind === 'audio');
  if (audio?.jitter !== undefined) report.jitter_ms = Math.round(audio.jitter * 1000);
  if (inbound.length) report.packets_lost = Math.max(0, sum('packetsLost'));
  if (before && bytes >= before.bytes) report.bitrate_kbps = Math.round(((bytes - before.bytes) * 8) / (at - before.at));
  return { path: pair ? (relayed ? 'relay' : 'direct') : null, framesDecoded: sum('framesDecoded'), report, bytes, at };
}

function selectedPair(stats) {
  const entries = [...stats.values()];
  const transport = entries.find((entry) => entry.type === 'transport' && entry.selectedCandidatePairId);
  if (transport) return stats.get(transport.selectedCandidatePairId);
  // Older Firefox names no transport but marks the pair.
  return entries.find((entry) => entry.type === 'candidate-pair' && (entry.selected || (entry.nominated && entry.state === 'succeeded')));
}
