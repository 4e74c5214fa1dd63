import{h as t}from"./desk-chunk-6VJB7THC.js";var n=t(null),r=t(null),i=t(null),o=t(!1);export{n as a,r as b,i as c,o as d};
