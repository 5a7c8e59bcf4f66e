// What the page's arithmetic says of states: reads the page's data and states, writes numbers, 8 bytes each.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, input, output] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`));
const { evaluate, layTheatre, openWorlds, struckAt } = await load("arithmetic.js");
const { goalOf, planOf, readState, stateText } = await load("state.js");
const { data, states } = JSON.parse(readFileSync(input, "utf-8"));
const question = { ...data, cases: Object.keys(data.cases), names: data.places.name };
const theatre = layTheatre(data.places, 1000);
const opened = {};
for (const name of question.cases)
  for (const [targets, { worlds }] of Object.entries(data.cases[name].targets)) opened[`${name} ${targets}`] = openWorlds(worlds, theatre, data.lanes);
const parts = [];
const refused = [];
for (const text of states) {
  const { state, refused: faults } = readState(text, question);
  refused.push(faults);
  const again = readState(stateText(state, question), question);
  if (JSON.stringify(again.state) !== JSON.stringify(state)) throw new Error(`not read back the same: ${text}`);
  const goal = goalOf(question, state);
  const targets = goal.whole ? "whole" : state.targets;
  const worlds = opened[`${state.case} ${targets}`];
  const plan = planOf(question, worlds, theatre, data.cases[state.case].targets[targets].sites, state);
  const result = evaluate(worlds, theatre, goal, state, plan, state.threshold);
  const sites = plan.each ? [] : Array.from(plan.sites);
  const struck = struckAt(worlds, theatre, goal, state, plan, plan.systems.length);
  for (const list of [sites, result.probability, result.mcse, result.used, result.remaining, struck])
    parts.push(list.length, ...list);
}
writeFileSync(output, Buffer.from(Float64Array.from(parts).buffer));
console.log(JSON.stringify(refused));
