import{W as r}from"./desk-chunk-3XLYHAJU.js";function s({note:n,error:o}){return o?r("p",{class:"error",children:o}):n?r("p",{class:"good",children:n}):null}export{s as a};
