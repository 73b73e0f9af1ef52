// What in a transcript should be listened to again, and why. The same thresholds as the decoder's own, where it has one.
import { clock, number, percent, t } from './words.js';

const leastConfidence = 0.5; // geometric mean of the probabilities of a segment's tokens
const leastLogprob = -1;
const mostCompression = 2.4;
const mostNoSpeech = 0.6;
const leastWord = 0.4;

export const isDoubtfulWord = (word) => typeof word.probability === 'number' && word.probability < leastWord;

/// Reasons to doubt a segment: functions that give a sentence each; none when there is no reason.
export function reasonsOf(segment) {
    const reasons = [];
    const has = (name) => typeof segment[name] === 'number';
    if (has('confidence') && segment.confidence < leastConfidence && segment.text) {
        reasons.push(() => t('doubtConfidence', { share: percent(segment.confidence) }));
    } else if (has('avg_logprob') && segment.avg_logprob < leastLogprob) {
        reasons.push(() => t('doubtLogprob', { value: number(segment.avg_logprob, 2) }));
    }
    if (has('compression_ratio') && segment.compression_ratio > mostCompression)
        reasons.push(() => t('doubtRepeats', { value: number(segment.compression_ratio, 1) }));
    if (has('no_speech_prob') && segment.no_speech_prob > mostNoSpeech)
        reasons.push(() => t('doubtSilence', { share: percent(segment.no_speech_prob) }));
    if (has('temperature') && segment.temperature > 0)
        reasons.push(() => t('doubtTemperature', { value: number(segment.temperature, 1) }));
    return reasons;
}

export const wordReason = (word) => t('doubtWord', { share: percent(word.probability) });

/// Text that was decoded and then left out, as sentences. `reason` is the engine's word for why.
export function droppedSentence(part) {
    const why = part.reason === 'no speech' ? t('droppedNoSpeech') : part.reason;
    return t('dropped', { from: clock(part.start), to: clock(part.end), text: part.text, why });
}
