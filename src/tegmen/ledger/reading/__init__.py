"""From a public article to draft entries of the ledger, by a compact grammar of quantities, hedges and attributions.

The way of a text, module by module:

- bytes to text: `articles`; text to sentences and tokens: `sentences`; the words it is read with: `lexicon`;
- what stands in a sentence: `numbers`, `quantities` (a number and its noun), `dates`, `names`, `speakers`;
- what is known around it: `setting`; numbers and nouns that stand alone: `elliptical`;
- what it says: `statements` (and commitments), `meetings`, `events` (measures and incidents), `tables`;
- which fields of it can be trusted: `sureness`; what a user's own language model adds: `endpoint`;
- the whole article to drafts: `extraction`; a draft as shown: `drafts`; a person accepts, edits, rejects: `review`.
"""
