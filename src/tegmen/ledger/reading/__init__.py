"""From a public article to draft entries of the ledger, by a compact grammar of quantities, hedges and attributions.

The way of a text, module by module:

- bytes to text: `articles`; text to sentences and tokens: `sentences`; the words it is read with: `lexicon`;
- what stands in a sentence: `numbers` and what they count, `dates`, `speakers` and other names;
- what is known around it, what was told before it, and a draft of what it says: `drafts`;
- what it says: `statements` and commitments; `events`: meetings, measures, incidents;
- which fields of it can be trusted: `sureness`; what a user's own language model adds: `endpoint`;
- the whole article with its tables to drafts: `extraction`; a person accepts, edits, rejects: `review`.
"""
